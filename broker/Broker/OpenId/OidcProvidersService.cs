using System.Security.Cryptography;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>The gRPC and REST face of the providers' settings.</summary>
internal sealed class OidcProvidersService(OidcStore store, ProviderClient client, TimeProvider time) : OidcProviders.OidcProvidersBase
{
    private const int LongestName = 60;
    private const int LongestText = 500;
    private const int LongestAuthorities = 256 * 1024;
    private const int MostGroups = 1000;
    private const int MostValues = 50;
    private const int KeysNamed = 20;

    public override async Task<ListOidcProvidersResponse> List(ListOidcProvidersRequest request, ServerCallContext context) =>
        new() { Providers = { await AllAsync(context.CancellationToken) } };

    public override async Task<OidcProvider> Save(SaveOidcProviderRequest request, ServerCallContext context)
    {
        var settings = await SettingsAsync(request.Provider, request.ClientSecret, context.CancellationToken);
        if (!await store.SaveAsync(settings, context.Caller())) throw Refusal.Refused(RefusalReason.NameTaken, settings.Name);
        return (await AllAsync(context.CancellationToken)).First(p => p.ProviderId == settings.Id.ToString());
    }

    public override async Task<TestOidcProviderResponse> Test(TestOidcProviderRequest request, ServerCallContext context)
    {
        var settings = await SettingsAsync(request.Provider, "not asked for", context.CancellationToken);
        var answer = new TestOidcProviderResponse { Document = ProviderClient.DocumentOf(settings) };
        try
        {
            var found = await client.AskAsync(settings);
            (answer.AuthorizationEndpoint, answer.TokenEndpoint, answer.UserinfoEndpoint) = (found.AuthorizationEndpoint, found.TokenEndpoint, found.UserInfoEndpoint ?? "");
            (answer.SignsOut, answer.Keys) = (ProviderClient.IsHttps(found.EndSessionEndpoint), (uint)found.SigningKeys.Count);
            answer.TellsSignOuts = found.AdditionalData.TryGetValue("backchannel_logout_supported", out var tells) && bool.TryParse($"{tells}", out var told) && told;
            answer.KeyNames.Add(found.JsonWebKeySet.Keys.Where(key => key.Use is null or "" or "sig").Take(KeysNamed).Select(key => string.Join(' ', new[] { key.Alg ?? key.Kty, key.Kid }.Where(text => !string.IsNullOrEmpty(text)))));
            if (found.ScopesSupported.Count > 0 && settings.Scopes.Except(found.ScopesSupported).FirstOrDefault() is { } scope) (answer.Problem, answer.FailedStep) = ($"scope {scope} is not offered", OidcStep.Scopes);
        }
        catch (OidcFailure e) { (answer.Problem, answer.FailedStep) = (e.Message, e.Step); }
        return answer;
    }

    public override async Task<RemoveOidcProviderResponse> Remove(RemoveOidcProviderRequest request, ServerCallContext context)
    {
        var provider = await OneAsync(request.ProviderId, context.CancellationToken);
        if (!await store.RemoveAsync(provider.Id, context.Caller())) throw Refusal.Refused(RefusalReason.LastAdministrator, provider.Name);
        return new();
    }

    private async Task<OidcSettings> OneAsync(string id, CancellationToken ct) =>
        await store.FindAsync(Ids.Parse(id, "provider_id"), ct) ?? throw Refusal.Refused(RefusalReason.NotFound, "provider_id");

    private async Task<OidcSettings> SettingsAsync(OidcProvider? said, string secret, CancellationToken ct)
    {
        if (said is null) throw Refusal.Refused(RefusalReason.InvalidField, "provider");
        var before = said.ProviderId.Length == 0 ? null : await OneAsync(said.ProviderId, ct);
        if (said.Groups.Count > MostGroups || said.Groups.DistinctBy(g => g.Value).Count() < said.Groups.Count) throw Refusal.Refused(RefusalReason.InvalidField, $"groups: at most {MostGroups}, each value once");
        if (said.Scopes.Count > MostValues || said.SecondFactorValues.Count > MostValues) throw Refusal.Refused(RefusalReason.InvalidField, $"scopes, second_factor_values: at most {MostValues}");
        if (said.OnlyMapped && said.Groups.Count == 0) throw Refusal.Refused(RefusalReason.InvalidField, "groups: nobody could come in without one");
        var settings = new OidcSettings
        {
            Id = before?.Id ?? Guid.CreateVersion7(time.GetUtcNow()), Name = Text(said.Name, "name", LongestName), Enabled = !said.Disabled, Issuer = Text(said.Issuer, "issuer"), ClientId = Text(said.ClientId, "client_id"),
            ClientSecret = secret, Authorities = said.Authorities.Trim(), Scopes = said.Scopes.Count == 0 ? ["profile"] : [.. said.Scopes.Select(scope => Text(scope, "scopes")).Distinct()],
            NameClaim = Claim(said.NameClaim, "preferred_username", "name_claim"), DisplayNameClaim = Claim(said.DisplayNameClaim, "name", "display_name_claim"), GroupsClaim = Claim(said.GroupsClaim, "groups", "groups_claim"),
            Groups = said.Groups.ToDictionary(g => Text(g.Value, "groups"), g => Text(g.Name, "groups", 256), StringComparer.Ordinal), OnlyMapped = said.OnlyMapped,
            SecondFactorValues = [.. said.SecondFactorValues.Select(value => Text(value, "second_factor_values")).Distinct()],
        };
        if (!ProviderClient.IsHttps(settings.Issuer) || settings.Issuer.Contains('?', StringComparison.Ordinal) || settings.Issuer.Contains('#', StringComparison.Ordinal)) throw Refusal.Refused(RefusalReason.InvalidField, "issuer: an https address");
        CheckAuthorities(settings);
        return secret.Length > 0 || before is null ? settings : settings with { ClientSecret = Kept(before, settings) };
    }

    // The saved secret goes to the provider it was entered for and nowhere else, whoever changes the address.
    private static string Kept(OidcSettings before, OidcSettings now) =>
        before.Issuer == now.Issuer && before.Authorities == now.Authorities && before.ClientId == now.ClientId || before.ClientSecret.Length == 0
            ? before.ClientSecret
            : throw Refusal.Refused(RefusalReason.InvalidField, "client_secret: enter it again when issuer, authorities or client change");

    private static void CheckAuthorities(OidcSettings settings)
    {
        try
        {
            if (settings.Authorities.Length > LongestAuthorities || settings.Trust() is { CustomTrustStore.Count: 0 }) throw Refusal.Refused(RefusalReason.InvalidField, "authorities: certificates in PEM");
        }
        catch (CryptographicException e) { throw Refusal.Refused(RefusalReason.InvalidField, $"authorities: {e.Message}"); }
    }

    private static string Text(string typed, string field, int longest = LongestText) =>
        typed.Trim() is { Length: > 0 } text && text.Length <= longest && !text.Any(char.IsControl) ? text : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: 1 to {longest} characters");

    private static string Claim(string typed, string usual, string field) => typed.Trim().Length == 0 ? usual : Text(typed, field);

    private async Task<List<OidcProvider>> AllAsync(CancellationToken ct)
    {
        var people = await store.PeopleAsync();
        return [.. (await store.AllAsync(ct)).Select(p => new OidcProvider
        {
            ProviderId = p.Id.ToString(), Name = p.Name, Disabled = !p.Enabled, Issuer = p.Issuer, ClientId = p.ClientId, Authorities = p.Authorities, Scopes = { p.Scopes }, NameClaim = p.NameClaim, DisplayNameClaim = p.DisplayNameClaim,
            GroupsClaim = p.GroupsClaim, Groups = { p.Groups.Select(g => new OidcGroup { Value = g.Key, Name = g.Value }) }, OnlyMapped = p.OnlyMapped, SecondFactorValues = { p.SecondFactorValues },
            People = (uint)people.GetValueOrDefault(p.Id),
        })];
    }
}
