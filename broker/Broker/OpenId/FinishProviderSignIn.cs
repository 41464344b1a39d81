using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>What a browser brought back from the provider.</summary>
/// <param name="Error">What the provider says instead of a code.</param>
/// <param name="Issuer">Who says it (RFC 9207); may be empty.</param>
/// <param name="Browser">The secret of its cookie.</param>
internal sealed record Returned(string State, string Code, string Error, string Issuer, string Browser);

/// <summary>Ends a sign-in with a provider: redeems the code, checks the token, finds or makes the person, and goes on as after a right password.</summary>
internal sealed class FinishProviderSignIn(
    OidcStore providers, FlowStore flows, ProviderClient client, TokenCheck check, OidcPeopleStore people, ProviderSessionStore sessions, SignInStore signIns, BeginSecondStep secondStep, IOptions<IdentityOptions> identity, ILogger<FinishProviderSignIn> log)
{
    private const int LongestCode = 4096;
    private const int LongestDisplayName = 200;
    private const int MostValues = 5000;

    /// <param name="returned">What the browser brought.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="clientName">What he signs in with.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>Signed in, or a second step, and the page that the person wanted.</returns>
    public async Task<(SignInOutcome Outcome, string Back)> RunAsync(Returned returned, string sourceAddress, string clientName, CancellationToken ct)
    {
        if (!OpaqueToken.TryHash(returned.State, out var state) || !OpaqueToken.TryHash(returned.Browser, out var browser) || await flows.TakeAsync(state, browser) is not { } flow
            || await providers.FindAsync(flow.ProviderId, ct) is not { Enabled: true } provider) return (new SignInOutcome.Refused(RefusalReason.StepExpired), "");
        KnownUser? user = null;
        try
        {
            var (claims, idToken, accessToken) = await TokensAsync(provider, flow, returned, ct);
            var subject = claims.Text("sub")!;
            user = await people.FindAsync(provider.Id, subject);
            user = await people.AdmitAsync(provider, await PersonAsync(provider, claims, subject, accessToken, ct)) ?? throw new OidcFailure(RefusalReason.NotKnownHere, "the name belongs to somebody who is not from this provider");
            return (await EnterAsync(provider, flow, user, claims, idToken, sourceAddress, clientName), flow.Back);
        }
        catch (OidcFailure e)
        {
            log.ProviderSignInFailed(provider.Name, sourceAddress, e.Reason.ToString(), e.Message);
            await signIns.RecordFailureAsync(user, e.Reason, flow.Audience, sourceAddress);
            return (new SignInOutcome.Refused(e.Reason, e.Detail), flow.Back);
        }
    }

    private async Task<(Claims Claims, string IdToken, string AccessToken)> TokensAsync(OidcSettings provider, Flow flow, Returned returned, CancellationToken ct)
    {
        if (returned.Issuer.Length > 0 && returned.Issuer != provider.Issuer) throw new OidcFailure(RefusalReason.ProviderRefused, "the browser came back from another provider");
        if (returned.Code.Length is 0 or > LongestCode) throw new OidcFailure(RefusalReason.ProviderRefused, $"the browser brings no code: {ProviderClient.Plain(returned.Error)}", ProviderClient.Plain(returned.Error));
        var configuration = await client.ConfigurationAsync(provider, ct);
        var tokens = await client.RedeemAsync(provider, configuration, returned.Code, flow.RedirectUri, flow.Verifier, ct);
        return (await check.IdTokenAsync(provider, tokens.IdToken, flow.Nonce, flow.Fresh ? flow.BegunAt : null, ct), tokens.IdToken, tokens.AccessToken ?? "");
    }

    private async Task<OidcPerson> PersonAsync(OidcSettings provider, Claims token, string subject, string accessToken, CancellationToken ct)
    {
        var (claims, configuration) = (new List<Claims> { token }, await client.ConfigurationAsync(provider, ct));
        if ((token.Text(provider.NameClaim) is null || token.Text(provider.DisplayNameClaim) is null || provider.Groups.Count > 0 && !token.Has(provider.GroupsClaim))
            && accessToken.Length > 0 && ProviderClient.IsHttps(configuration.UserInfoEndpoint))
        {
            var further = await client.UserInfoAsync(provider, configuration, accessToken, ct);
            // OpenID Connect Core 1.0 section 5.3.2: else the claims may be somebody else's.
            if (further.Text("sub") != subject) throw new OidcFailure(RefusalReason.ProviderRefused, "userinfo is about somebody else");
            claims.Add(further);
        }
        var name = claims.Select(c => c.Text(provider.NameClaim)).FirstOrDefault(text => text is not null) ?? throw new OidcFailure(RefusalReason.ClaimMissing, $"no claim {provider.NameClaim}", provider.NameClaim);
        var account = UserNames.Normalise(name.Split('@')[0]);
        if (!UserNames.IsValid(account)) throw new OidcFailure(RefusalReason.NotKnownHere, "the name is no name for an account in desktops");
        var said = claims.FirstOrDefault(c => c.Has(provider.GroupsClaim))?.Texts(provider.GroupsClaim);
        // Azure and others leave the list out when it is too long: that must not read as "in no group".
        if (said is null && provider.Groups.Count > 0 && token.Has("_claim_names")) throw new OidcFailure(RefusalReason.ClaimMissing, $"no claim {provider.GroupsClaim}: the provider has too many groups to name", provider.GroupsClaim);
        var groups = (said ?? []).Take(MostValues).Where(provider.Groups.ContainsKey).Distinct().ToList();
        if (provider.OnlyMapped && groups.Count == 0) throw new OidcFailure(RefusalReason.NotKnownHere, "the person is in none of the groups that come in");
        var shown = claims.Select(c => c.Text(provider.DisplayNameClaim)).FirstOrDefault(text => text is not null) ?? account;
        return new(subject, account, new string([.. shown.Where(letter => !char.IsControl(letter)).Take(LongestDisplayName)]), groups);
    }

    private async Task<SignInOutcome> EnterAsync(OidcSettings provider, Flow flow, KnownUser user, Claims claims, string idToken, string sourceAddress, string clientName)
    {
        if (!user.Enabled) throw new OidcFailure(RefusalReason.AccountDisabled, "the account is disabled here");
        if (flow.Audience is Audience.Administrator && !user.Administrator) throw new OidcFailure(RefusalReason.NotAllowed, "the person holds no role");
        var secondFactor = claims.Texts("amr").Concat(claims.Texts("acr")).Intersect(provider.SecondFactorValues, StringComparer.Ordinal).Any();
        var session = await sessions.AddAsync(provider.Id, user.UserId, claims.Text("sub")!, claims.Text("sid") ?? "", idToken);
        if (user.NeedsSecondStep && !secondFactor)
            return await secondStep.RunAsync(user, flow.Audience, clientName, newHash: null, session) is { } step ? step : throw new OidcFailure(RefusalReason.SignInFailed, "the account changed meanwhile");
        var token = OpaqueToken.Make();
        return await signIns.StartVouchedAsync(user, token.Sha256, flow.Audience, "provider", secondFactor, identity.Value.LifetimeOf(flow.Audience), clientName, sourceAddress, session) is { } until
            ? new SignInOutcome.SignedIn(token.Text, user.Person, until)
            : throw new OidcFailure(RefusalReason.SignInFailed, "the account changed meanwhile");
    }
}
