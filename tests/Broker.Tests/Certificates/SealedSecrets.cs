using System.Security.Cryptography;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Alerts;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Directories;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.Passkeys;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Broker.OpenId;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Domain;
using Flow = Montalegre.Vdi.Broker.OpenId.Flow;

namespace Montalegre.Vdi.Broker.Tests.Certificates;

/// <summary>One secret in every place that keeps one, put there and looked at by the broker's own stores.</summary>
internal sealed class SealedSecrets(TestBroker broker)
{
    private readonly Guid _directory = Guid.CreateVersion7();
    private readonly Guid _provider = Guid.CreateVersion7();
    private readonly Guid _channel = Guid.CreateVersion7();
    private readonly Guid _user = Guid.CreateVersion7();
    private readonly byte[] _holder = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _state = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _browser = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _signIn = RandomNumberGenerator.GetBytes(32);
    private byte[] _app = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async Task MakeAsync()
    {
        await using var connection = await broker.Database.Owner.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync("insert into app_user (user_id, user_name, display_name) values (@_user, 'ana', 'Ana')", new { _user });
        await Get<DirectoryStore>().SaveAsync(new() { Id = _directory, Name = "AD", Kind = DirectoryKind.ActiveDirectory, Enabled = false, Servers = ["127.0.0.1:1"], BaseDn = "dc=x", BindDn = "cn=x", BindPassword = "lê-tudo" }, TestApi.By);
        await Get<OidcStore>().SaveAsync(new() { Id = _provider, Name = "Entra", Issuer = "https://127.0.0.1:1", ClientId = "x", ClientSecret = "do cliente", NameClaim = "n", DisplayNameClaim = "d", GroupsClaim = "g" }, TestApi.By);
        await Get<AlertChannelStore>().SaveAsync(new() { Id = _channel, Name = "gancho", Kind = AlertChannelKind.Webhook, Enabled = false, Url = "https://127.0.0.1:1/", Secret = "assinatura" }, TestApi.By);
        await Get<FlowStore>().BeginAsync(new(_provider, Audience.Employee, "https://127.0.0.1:2/sign-in/back", "/", "nonce", "verifier", false, DateTimeOffset.UtcNow), _state, _browser, "192.0.2.1");
        var session = await Get<ProviderSessionStore>().AddAsync(_provider, _user, "subject", "sid", "bilhete");
        await connection.ExecuteAsync("insert into sign_in (token_sha256, user_id, audience, expires_at, oidc_session_id) values (@_signIn, @_user, 'employee', now() + interval '1 hour', @session)", new { _signIn, _user, session });
        await Get<PasskeyChallenges>().KeepAsync(PasskeyPurpose.Step, _holder, "pergunta", "192.0.2.1");
        _app = await Get<AppOffers>().OfferAsync(_user, _holder);
        var (step, kept) = (await Get<AppOffers>().CheckOfferAsync(_user, _holder, TestFactor.Code(broker.Services, _app)))!.Value;
        await connection.ExecuteAsync("insert into totp (user_id, secret, last_step) values (@_user, @kept, @step)", new { _user, kept, step });
        // What is good for minutes outlives a rotation that is slow and often killed.
        await connection.ExecuteAsync("update passkey_challenge set created_at = now() + interval '1 hour'; update totp_enrolment set created_at = now() + interval '1 hour'; update oidc_flow set expires_at = now() + interval '1 hour'");
        for (var i = 0; i < 5; i++)   // more persons than are sealed anew in one batch
        {
            var (person, name) = (Guid.CreateVersion7(), $"pessoa{i}");
            await connection.ExecuteAsync("insert into app_user (user_id, user_name, display_name) values (@person, @name, @name)", new { person, name });
            await connection.ExecuteAsync("insert into audit_event (actor, action) values (@name, 'test')", new { name });
        }
        Assert.NotNull(await Get<SealAudit>().RunOnceAsync());
    }

    /// <summary>Reads everything that may be read more than once; fails where a box does not open.</summary>
    public async Task OpenAsync()
    {
        Assert.Equal("lê-tudo", (await Get<DirectoryStore>().FindAsync(_directory, Ct))!.BindPassword);
        Assert.Equal("assinatura", (await Get<AlertChannelStore>().FindAsync(_channel, Ct))!.Secret);
        Assert.Equal("do cliente", (await Get<OidcStore>().FindAsync(_provider, Ct))!.ClientSecret);
        Assert.Equal(_app, await Get<AppOffers>().OfferAsync(_user, _holder));
        Assert.NotNull(await Get<AppOffers>().CheckAsync(_user, TestFactor.Code(broker.Services, _app)));
        await using var connection = await broker.Database.Owner.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync("insert into audit_event (actor, action) values ('pessoa1', 'again')");
        Assert.NotNull(await Get<SealAudit>().RunOnceAsync());
        Assert.Null((await Get<VerifyAudit>().RunAsync(Ct).LastAsync(Ct)).Finding);
        var entries = (await connection.QueryAsync<long>("select audit_id from audit_event where action = 'test'")).ToArray();
        var texts = await Get<PersonalTexts>().OfAsync(connection, entries, Ct);
        Assert.Equal(["pessoa0", "pessoa1", "pessoa2", "pessoa3", "pessoa4"], texts.Values.Select(t => t.Texts["actor"]).Order());
    }

    /// <summary>Takes what is good for one use.</summary>
    public async Task TakeAsync()
    {
        Assert.Equal("pergunta", await Get<PasskeyChallenges>().TakeAsync(PasskeyPurpose.Step, _holder));
        var flow = await Get<FlowStore>().TakeAsync(_state, _browser);
        Assert.Equal(("nonce", "verifier"), (flow!.Nonce, flow.Verifier));
        var ended = await Get<ProviderSessionStore>().EndAsync(TestApi.By with { SignIn = Convert.ToHexString(_signIn), User = new UserId(_user) });
        Assert.Equal("bilhete", ended!.Value.IdToken);
    }

    private T Get<T>() where T : notnull => broker.Services.GetRequiredService<T>();
}
