using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>The gRPC and REST face of the authorities whose certificates sign people in.</summary>
internal sealed class CertificateAuthoritiesService(SignInAuthorityStore store, CertificateCheck check, IOptions<ClientCertificateOptions> options, TimeProvider time) : CertificateAuthorities.CertificateAuthoritiesBase
{
    private const int LongestName = 60;
    private const int LongestText = 500;
    private const int LongestCertificates = 256 * 1024;
    private const int MostPolicies = 50;

    public override async Task<ListCertificateAuthoritiesResponse> List(ListCertificateAuthoritiesRequest request, ServerCallContext context) => new() { Authorities = { await AllAsync() } };

    public override async Task<Contracts.Admin.V1.CertificateAuthority> Save(SaveCertificateAuthorityRequest request, ServerCallContext context)
    {
        var authority = await ReadAsync(request.Authority);
        if (!await store.SaveAsync(authority, context.Caller())) throw Refusal.Refused(RefusalReason.NameTaken, authority.Name);
        return (await AllAsync()).First(a => a.AuthorityId == authority.Id.ToString());
    }

    public override async Task<TestCertificateResponse> Test(TestCertificateRequest request, ServerCallContext context)
    {
        var sent = new X509Certificate2Collection();
        try
        {
            if (request.Certificates.Length <= LongestCertificates) sent.ImportFromPem(request.Certificates);
        }
        catch (CryptographicException e) { throw Refusal.Refused(RefusalReason.InvalidField, $"certificates: {e.Message}"); }
        if (sent.Count is 0 or > CertificateCheck.MostCertificates) throw Refusal.Refused(RefusalReason.InvalidField, $"certificates: 1 to {CertificateCheck.MostCertificates} certificates in PEM");
        var verdict = await check.RunAsync((await store.AllAsync()).Where(a => a.Enabled), sent, context.CancellationToken);
        var user = verdict.Value is { } value ? await store.WhoAsync(verdict.Authority!, value) : null;
        var reason = verdict.Reason ?? user switch { null => RefusalReason.CertificateUnknown, { Enabled: false } => RefusalReason.AccountDisabled, _ => null as RefusalReason? };
        return new() { Authority = verdict.Authority?.Name ?? "", Value = verdict.Value ?? "", UserName = user?.UserName ?? "", Reason = (ReasonCode)(int)(reason ?? 0), Detail = verdict.Detail };
    }

    public override async Task<RemoveCertificateAuthorityResponse> Remove(RemoveCertificateAuthorityRequest request, ServerCallContext context) =>
        await store.RemoveAsync(Ids.Parse(request.AuthorityId, "authority_id"), context.Caller()) ? new() : throw Refusal.Refused(RefusalReason.NotFound, "authority_id");

    public override async Task<ListCertificateLinksResponse> ListLinks(ListCertificateLinksRequest request, ServerCallContext context) =>
        new() { Links = { (await store.LinksAsync((await OneAsync(request.AuthorityId)).Id)).Select(link => new CertificateLink { Value = link.Value, UserName = link.UserName }) } };

    public override async Task<LinkCertificateResponse> Link(LinkCertificateRequest request, ServerCallContext context)
    {
        var authority = await OneAsync(request.AuthorityId);
        var value = CertificateName.Normalise(Text(request.Value, "value", CertificateName.Longest), authority.NamesBy);
        var done = request.UserName.Trim().Length == 0
            ? await store.UnlinkAsync(authority.Id, value, context.Caller())
            : await store.LinkAsync(authority.Id, value, UserNames.Normalise(request.UserName), context.Caller());
        return done ? new() : throw Refusal.Refused(RefusalReason.NotFound, request.UserName.Length == 0 ? "value" : "user_name");
    }

    private async Task<SignInAuthority> OneAsync(string id) => await store.FindAsync(Ids.Parse(id, "authority_id")) ?? throw Refusal.Refused(RefusalReason.NotFound, "authority_id");

    private async Task<SignInAuthority> ReadAsync(Contracts.Admin.V1.CertificateAuthority? said)
    {
        if (said is null) throw Refusal.Refused(RefusalReason.InvalidField, "authority");
        if (said.Policies.Count > MostPolicies) throw Refusal.Refused(RefusalReason.InvalidField, $"policies: at most {MostPolicies}");
        var authority = new SignInAuthority
        {
            Id = said.AuthorityId.Length == 0 ? Guid.CreateVersion7(time.GetUtcNow()) : (await OneAsync(said.AuthorityId)).Id, Name = Text(said.Name, "name", LongestName), Enabled = !said.Disabled, Certificates = said.Certificates.Trim(),
            NamesBy = said.NamesBy switch
            {
                CertificateNamesBy.SubjectSerialNumber => NamesBy.SubjectSerialNumber, CertificateNamesBy.Upn => NamesBy.Upn, CertificateNamesBy.Email => NamesBy.Email, CertificateNamesBy.CommonName => NamesBy.CommonName,
                _ => throw Refusal.Refused(RefusalReason.InvalidField, "names_by"),
            },
            Pattern = said.Pattern.Length == 0 ? "" : Text(said.Pattern, "pattern"), ByUserName = said.ByUserName,
            Purpose = said.Purpose.Length == 0 ? SignInAuthority.ClientAuthentication : Identifier(said.Purpose, "purpose"), Policies = [.. said.Policies.Select(policy => Identifier(policy, "policies")).Distinct()],
            Revocation = said.Revocation switch
            {
                CertificateRevocation.Off => Revocation.Off, CertificateRevocation.Online => Revocation.Online, CertificateRevocation.File => Revocation.File,
                _ => throw Refusal.Refused(RefusalReason.InvalidField, "revocation: off, online or file"),
            },
            BothFactors = said.BothFactors,
        };
        if (authority.Revocation is Revocation.File && options.Value.RevocationDirectory.Length == 0)
            throw Refusal.Refused(RefusalReason.InvalidField, $"revocation: the broker has no {ClientCertificateOptions.SectionName}:{nameof(ClientCertificateOptions.RevocationDirectory)}");
        try { authority.Whole(); }
        catch (Exception e) when (e is ArgumentException or NotSupportedException) { throw Refusal.Refused(RefusalReason.InvalidField, $"pattern: {e.Message}"); }
        try
        {
            if (authority.Certificates.Length > LongestCertificates || authority.Trust(out _).CustomTrustStore.Count == 0) throw Refusal.Refused(RefusalReason.InvalidField, "certificates: a root certificate in PEM");
        }
        catch (CryptographicException e) { throw Refusal.Refused(RefusalReason.InvalidField, $"certificates: {e.Message}"); }
        return authority;
    }

    private static string Identifier(string typed, string field)
    {
        var text = Text(typed, field);
        return text.Contains('.', StringComparison.Ordinal) && text.Split('.').All(arc => arc.Length is > 0 and <= 20 && arc.All(char.IsAsciiDigit)) ? text : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: an object identifier such as {SignInAuthority.ClientAuthentication}");
    }

    private static string Text(string typed, string field, int longest = LongestText) =>
        typed.Trim() is { Length: > 0 } text && text.Length <= longest && !text.Any(char.IsControl) ? text : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: 1 to {longest} characters");

    private async Task<List<Contracts.Admin.V1.CertificateAuthority>> AllAsync()
    {
        var links = await store.LinkCountsAsync();
        return [.. (await store.AllAsync()).Select(a => new Contracts.Admin.V1.CertificateAuthority
        {
            AuthorityId = a.Id.ToString(), Name = a.Name, Disabled = !a.Enabled, Certificates = a.Certificates, NamesBy = (CertificateNamesBy)((int)a.NamesBy + 1), Pattern = a.Pattern, ByUserName = a.ByUserName, Purpose = a.Purpose,
            Policies = { a.Policies }, Revocation = (CertificateRevocation)((int)a.Revocation + 1), BothFactors = a.BothFactors, Links = (uint)links.GetValueOrDefault(a.Id),
        })];
    }
}
