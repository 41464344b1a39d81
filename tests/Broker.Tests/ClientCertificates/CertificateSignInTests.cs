using Grpc.Core;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Broker.Tests.Identity;
using PeerKind = Montalegre.Vdi.Broker.Certificates.PeerKind;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Broker.Tests.ClientCertificates;

/// <summary>People sign in with certificates, through the broker's API and a gateway's channel.</summary>
public sealed class CertificateSignInTests(CertificateBroker broker) : IClassFixture<CertificateBroker>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Card_signs_its_person_in_and_the_record_says_so()
    {
        var authority = await broker.SaveAsync();
        using var card = await broker.PersonAsync(authority, "ana", "BI11111111");

        var done = await broker.EnterAsync(card);
        Assert.Equal(("ana", "/desktops"), (done.SignedIn.UserName, done.Back));
        Assert.Empty((await broker.Portal.ListDesktopsAsync(new(), TestApi.With(done.SignedIn.Token))).Desktops);
        Assert.Equal(1, await broker.ScalarAsync<int>("select count(*)::int from audit_event join audit_open using (audit_id) where action = 'sign_in.ok' and texts::text like '%\"ana\"%' and texts::text like '%employee certificate\"%' and texts::text like '%192.0.2.7%'"));
        // The number of the card is personal, and is in no entry.
        Assert.Equal(0, await broker.ScalarAsync<int>("select count(*)::int from audit_open where texts::text like '%BI11111111%'"));
    }

    [Fact]
    public async Task What_a_browser_got_is_good_once_and_only_from_that_browser_and_for_that_face()
    {
        using var card = await broker.PersonAsync(await broker.SaveAsync(), "rui", "BI22222222");
        var (begun, other) = (await broker.BeginAsync(), await broker.BeginAsync());
        var shown = await broker.PresentAsync(begun.State, card);

        Assert.Equal("STEP_EXPIRED", await CertificateBroker.RefusedAsync(() => broker.FinishAsync(shown.HandOver, other.Browser)));
        Assert.Equal("STEP_EXPIRED", await CertificateBroker.RefusedAsync(() => broker.FinishAsync(shown.HandOver, "")));
        Assert.Equal("STEP_EXPIRED", await CertificateBroker.RefusedAsync(() => broker.FinishAsync(shown.HandOver, begun.Browser, console: true)));
        Assert.Equal("STEP_EXPIRED", await CertificateBroker.RefusedAsync(() => broker.FinishAsync("nonsense", begun.Browser)));
        Assert.Equal("rui", (await broker.FinishAsync(shown.HandOver, begun.Browser)).SignedIn.UserName);
        Assert.Equal("STEP_EXPIRED", await CertificateBroker.RefusedAsync(() => broker.FinishAsync(shown.HandOver, begun.Browser)));
        // The state was used up with the certificate that came with it.
        Assert.Equal(ReasonCode.StepExpired, (await broker.PresentAsync(begun.State, card)).Refused.Code);

        var late = await broker.BeginAsync();
        var shownLate = await broker.PresentAsync(late.State, card);
        await broker.ScalarAsync<int>("update certificate_hand_over set expires_at = now() - interval '1 second' returning 1");
        Assert.Equal("STEP_EXPIRED", await CertificateBroker.RefusedAsync(() => broker.FinishAsync(shownLate.HandOver, late.Browser)));
    }

    [Fact]
    public async Task Only_a_gateway_is_believed_that_a_certificate_was_shown()
    {
        using var card = await broker.PersonAsync(await broker.SaveAsync(), "eva", "BI33333333");
        var begun = await broker.BeginAsync();
        var request = new PresentCertificateRequest { State = begun.State, Chain = { Google.Protobuf.ByteString.CopyFrom(card.RawData) } };
        await Assert.ThrowsAsync<RpcException>(async () => await new GatewayCertificates.GatewayCertificatesClient(broker.Broker.Api()).PresentAsync(request, cancellationToken: Ct));
        using var machine = await broker.Broker.IssueAsync(PeerKind.Machine, Guid.NewGuid());
        await Assert.ThrowsAsync<RpcException>(async () => await new GatewayCertificates.GatewayCertificatesClient(broker.Broker.Channel(machine)).PresentAsync(request, cancellationToken: Ct));
        await Assert.ThrowsAsync<RpcException>(async () => await new GatewayCertificates.GatewayCertificatesClient(broker.Broker.Channel(card)).PresentAsync(request, cancellationToken: Ct));
        Assert.NotEmpty((await broker.PresentAsync(begun.State, card)).HandOver);
    }

    [Fact]
    public async Task Certificates_that_do_not_hold_sign_nobody_in()
    {
        var authority = await broker.SaveAsync();
        using var good = await broker.PersonAsync(authority, "joana", "BI44444444");
        using var strangers = new CardAuthority("Cartões");            // the same names, other keys
        using var foreign = strangers.Issue("BI44444444");
        using var self = new CertificateRequest(good.SubjectName, System.Security.Cryptography.ECDsa.Create(), System.Security.Cryptography.HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var old = broker.Cards.Issue("BI44444444", until: DateTimeOffset.UtcNow.AddDays(-1));
        using var server = broker.Cards.Issue("BI44444444", purpose: "1.3.6.1.5.5.7.3.1");
        using var signature = broker.Cards.Issue("BI44444444", usage: X509KeyUsageFlags.NonRepudiation);
        using var twoNames = broker.Cards.Issue("BI44444444", furtherSerial: "BI55555555");
        using var nobody = broker.Cards.Issue("BI99999999");
        using var around = broker.Cards.Issue("BI44444444", fromRoot: true);

        Assert.Equal("CERTIFICATE_NOT_TRUSTED", await broker.WhyNotAsync(foreign));
        Assert.Equal("CERTIFICATE_NOT_TRUSTED", await broker.WhyNotAsync(self));
        Assert.Equal("CERTIFICATE_NOT_TRUSTED", await broker.WhyNotAsync(around));       // not by the authority that was named
        Assert.Equal("CERTIFICATE_EXPIRED", await broker.WhyNotAsync(old));
        Assert.Equal("CERTIFICATE_WRONG_USE", await broker.WhyNotAsync(server));
        Assert.Equal("CERTIFICATE_WRONG_USE", await broker.WhyNotAsync(signature));
        Assert.Equal("CERTIFICATE_UNKNOWN", await broker.WhyNotAsync(twoNames));
        Assert.Equal("CERTIFICATE_UNKNOWN", await broker.WhyNotAsync(nobody));
        Assert.Equal("NOT_ALLOWED", await broker.WhyNotAsync(good, console: true));
        Assert.Equal(ReasonCode.CertificateNotShown, (await broker.PresentAsync((await broker.BeginAsync()).State)).Refused.Code);
        Assert.Equal("", await broker.WhyNotAsync(good));
        await broker.ScalarAsync<int>("update app_user set enabled = false where user_name = 'joana' returning 1");
        Assert.Equal("ACCOUNT_DISABLED", await broker.WhyNotAsync(good));
        Assert.True(await broker.ScalarAsync<int>("select count(*)::int from audit_event where action = 'sign_in.failed' and outcome = 'ACCOUNT_DISABLED'") >= 1);
    }

    [Fact]
    public async Task Person_disabled_between_certificate_and_way_back_does_not_come_in()
    {
        using var card = await broker.PersonAsync(await broker.SaveAsync(), "vera", "BI66666666");
        var begun = await broker.BeginAsync();
        var shown = await broker.PresentAsync(begun.State, card);
        await broker.ScalarAsync<int>("update app_user set enabled = false where user_name = 'vera' returning 1");
        Assert.Equal("ACCOUNT_DISABLED", await CertificateBroker.RefusedAsync(() => broker.FinishAsync(shown.HandOver, begun.Browser)));
    }

    [Fact]
    public async Task Revocation_by_file_counts_and_what_is_not_known_to_be_good_is_refused()
    {
        var settings = broker.Settings();
        settings.Revocation = CertificateRevocation.File;
        var authority = await broker.SaveAsync(settings);
        using var card = await broker.PersonAsync(authority, "marta", "BI77777777");
        using var lost = broker.Cards.Issue("BI77777777");

        foreach (var file in Directory.GetFiles(broker.Lists)) File.Delete(file);
        Assert.Equal("CERTIFICATE_NOT_CHECKED", await broker.WhyNotAsync(card));         // no list: nobody comes in
        broker.Cards.Revoke(lost);
        broker.Cards.WriteLists(broker.Lists);
        Assert.Equal("", await broker.WhyNotAsync(card));
        Assert.Equal("CERTIFICATE_REVOKED", await broker.WhyNotAsync(lost));
        broker.Cards.WriteLists(broker.Lists, until: DateTimeOffset.UtcNow.AddMinutes(-1));
        Assert.Equal("CERTIFICATE_NOT_CHECKED", await broker.WhyNotAsync(card));         // the lists are over
        using (var strangers = new CardAuthority("Cartões")) strangers.WriteLists(broker.Lists);
        Assert.Equal("CERTIFICATE_NOT_CHECKED", await broker.WhyNotAsync(card));         // lists that somebody else signed in the same name
        File.WriteAllText(Path.Combine(broker.Lists, "issuing.crl"), "nonsense");
        Assert.Equal("CERTIFICATE_NOT_CHECKED", await broker.WhyNotAsync(card));
        File.Delete(Path.Combine(broker.Lists, "issuing.crl"));
        File.Delete(Path.Combine(broker.Lists, "root.crl"));
        await broker.SaveAsync();
        Assert.Equal("", await broker.WhyNotAsync(card));
    }

    [Fact]
    public async Task Revocation_is_asked_online_and_an_authority_that_does_not_answer_signs_nobody_in()
    {
        await using var server = new RevocationServer();
        using var cards = new CardAuthority($"Perguntados {Guid.NewGuid():N}", server.Ocsp, server.RootList);
        server.Serve(cards);
        var settings = broker.Settings();
        (settings.Name, settings.Certificates, settings.Revocation) = ("Perguntados", cards.Pem, CertificateRevocation.Online);
        var authority = await broker.SaveAsync(settings);
        await broker.LocalAsync("olga");
        await broker.Authorities.LinkAsync(new() { AuthorityId = authority.AuthorityId, Value = "BI15151515", UserName = "olga" }, broker.Administrator);
        using var good = cards.Issue("BI15151515");
        using var lost = cards.Issue("BI15151515");
        using var unheardOf = cards.Issue("BI15151515");
        server.Say(good, revoked: false);
        server.Say(lost, revoked: true);
        Assert.Equal("", await broker.WhyNotAsync(good));
        Assert.Equal("CERTIFICATE_REVOKED", await broker.WhyNotAsync(lost));
        Assert.Equal("CERTIFICATE_NOT_CHECKED", await broker.WhyNotAsync(unheardOf));
        // A stranger's certificate says where to ask, too, and nobody asks there.
        var asked = server.Asked;
        Assert.True(asked > 0);
        using var strangers = new CardAuthority("Outros", server.Ocsp, server.RootList);
        using var foreign = strangers.Issue("BI15151515");
        Assert.Equal("CERTIFICATE_NOT_TRUSTED", await broker.WhyNotAsync(foreign));
        Assert.Equal(asked, server.Asked);
        await broker.Authorities.RemoveAsync(new() { AuthorityId = authority.AuthorityId }, broker.Administrator);

        var away = new RevocationServer();
        using var silent = new CardAuthority($"Calados {Guid.NewGuid():N}", away.Ocsp, away.RootList);
        await away.DisposeAsync();
        (settings.Name, settings.Certificates) = ("Calados", silent.Pem);
        authority = await broker.SaveAsync(settings);
        using var unasked = silent.Issue("BI15151515");
        Assert.Equal("CERTIFICATE_NOT_CHECKED", await broker.WhyNotAsync(unasked));
        await broker.Authorities.RemoveAsync(new() { AuthorityId = authority.AuthorityId }, broker.Administrator);
    }

    [Fact]
    public async Task Names_are_taken_from_where_the_authority_says_and_cut_by_its_pattern()
    {
        var settings = broker.Settings();
        await broker.LocalAsync("carla");
        (settings.NamesBy, settings.Pattern, settings.ByUserName) = (CertificateNamesBy.Upn, "([a-z.]+)@camara\\.test", true);
        await broker.SaveAsync(settings);
        using var upn = broker.Cards.Issue("1", upn: "carla@camara.test");
        using var elsewhere = broker.Cards.Issue("1", upn: "carla@camara.test.evil.test");
        using var email = broker.Cards.Issue("1", email: "Carla@Camara.Test");
        Assert.Equal("carla", (await broker.EnterAsync(upn)).SignedIn.UserName);
        Assert.Equal("CERTIFICATE_UNKNOWN", await broker.WhyNotAsync(elsewhere));
        Assert.Equal("CERTIFICATE_UNKNOWN", await broker.WhyNotAsync(email));

        (settings.NamesBy, settings.Pattern) = (CertificateNamesBy.Email, "([A-Za-z.]+)@[Cc]amara\\.[Tt]est");
        await broker.SaveAsync(settings);
        Assert.Equal("carla", (await broker.EnterAsync(email)).SignedIn.UserName);
        // A link says otherwise than the name, and counts.
        var authority = await broker.SaveAsync(settings);
        await broker.LocalAsync("outra");
        await broker.Authorities.LinkAsync(new() { AuthorityId = authority.AuthorityId, Value = "CARLA", UserName = "outra" }, broker.Administrator);
        Assert.Equal("outra", (await broker.EnterAsync(email)).SignedIn.UserName);
        Assert.Equal([new CertificateLink { Value = "carla", UserName = "outra" }], (await broker.Authorities.ListLinksAsync(new() { AuthorityId = authority.AuthorityId }, broker.Administrator)).Links.Where(l => l.Value == "carla"));
        await broker.Authorities.LinkAsync(new() { AuthorityId = authority.AuthorityId, Value = "carla" }, broker.Administrator);
        settings.ByUserName = false;
        await broker.SaveAsync(settings);
        Assert.Equal("CERTIFICATE_UNKNOWN", await broker.WhyNotAsync(email));

        var policies = broker.Settings();
        policies.Policies.Add("1.2.3.4");
        authority = await broker.SaveAsync(policies);
        using var plain = await broker.PersonAsync(authority, "dulce", "BI88888888");
        using var right = broker.Cards.Issue("BI88888888", policy: "1.2.3.4");
        Assert.Equal("CERTIFICATE_WRONG_USE", await broker.WhyNotAsync(plain));
        Assert.Equal("dulce", (await broker.EnterAsync(right)).SignedIn.UserName);
        await broker.SaveAsync();
    }

    [Fact]
    public async Task Who_has_a_second_factor_gives_it_unless_the_card_counts_as_both()
    {
        await broker.LocalAsync("chefe", administrator: true);
        await TestFactor.AdministratorAsync(broker.Broker.Services, "chefe", TestApi.Password);
        var settings = broker.Settings();
        settings.BothFactors = false;
        var authority = await broker.SaveAsync(settings);
        await broker.Authorities.LinkAsync(new() { AuthorityId = authority.AuthorityId, Value = "BI12121212", UserName = "chefe" }, broker.Administrator);
        using var card = broker.Cards.Issue("BI12121212");

        var step = (await broker.EnterAsync(card, console: true)).SecondStep;
        Assert.Equal(("chefe", false), (step.UserName, step.MustEnrol));
        Assert.NotEmpty((await broker.EnterAsync(card)).SecondStep.Step);
        using var plain = await broker.PersonAsync(authority, "simples", "BI13131313");
        Assert.Equal("simples", (await broker.EnterAsync(plain)).SignedIn.UserName);

        await broker.SaveAsync();
        var done = (await broker.EnterAsync(card, console: true)).SignedIn;
        Assert.NotEmpty((await broker.Authorities.ListAsync(new(), TestApi.With(done.Token))).Authorities);
    }

    [Fact]
    public async Task Settings_that_cannot_work_are_refused_by_field_and_removing_takes_the_links()
    {
        foreach (var (field, change) in new (string, Action<CertificateAuthority>)[]
        {
            ("certificates", a => a.Certificates = "none"), ("certificates", a => a.Certificates = broker.Cards.Issuing.ExportCertificatePem()), ("pattern", a => a.Pattern = "("), ("pattern", a => a.Pattern = "(?=a)b"), ("names_by", a => a.NamesBy = 0), ("revocation", a => a.Revocation = 0),
            ("purpose", a => a.Purpose = "clientAuth"), ("policies", a => a.Policies.Add("x")), ("name", a => a.Name = ""),
        })
        {
            var settings = broker.Settings();
            change(settings);
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await broker.Authorities.SaveAsync(new() { Authority = settings }, broker.Administrator));
            Assert.Equal("INVALID_FIELD", refused.Trailers.GetValue("reason"));
            Assert.StartsWith(field, refused.Trailers.GetValue("reason-detail"), StringComparison.Ordinal);
        }
        var authority = await broker.SaveAsync();
        using var card = await broker.PersonAsync(authority, "ines", "BI14141414");
        var tested = await broker.Authorities.TestAsync(new() { Certificates = card.ExportCertificatePem() }, broker.Administrator);
        Assert.Equal(("Cartões de teste", "BI14141414", "ines", ReasonCode.Unspecified), (tested.Authority, tested.Value, tested.UserName, tested.Reason));
        var begun = await broker.BeginAsync();
        var shown = await broker.PresentAsync(begun.State, card);
        await broker.Authorities.RemoveAsync(new() { AuthorityId = authority.AuthorityId }, broker.Administrator);
        Assert.Equal("STEP_EXPIRED", await CertificateBroker.RefusedAsync(() => broker.FinishAsync(shown.HandOver, begun.Browser)));
        Assert.Equal("CERTIFICATES_OFF", await CertificateBroker.RefusedAsync(() => broker.BeginAsync()));
        Assert.False((await broker.SignIn.GetPlaceAsync(new(), cancellationToken: Ct)).Offered);
        Assert.Equal(0, await broker.ScalarAsync<int>("select count(*)::int from certificate_link"));
        await broker.SaveAsync();
    }
}
