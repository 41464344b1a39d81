using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>Sends a browser to a provider: code flow with PKCE, bound to the browser by a secret of its own.</summary>
internal sealed class BeginProviderSignIn(OidcStore providers, FlowStore flows, ProviderClient client, TimeProvider time, ILogger<BeginProviderSignIn> log)
{
    /// <param name="provider">Which.</param>
    /// <param name="audience">Whom the sign-in is for.</param>
    /// <param name="redirectUri">Where the provider sends the browser back to.</param>
    /// <param name="back">Page that the person wanted.</param>
    /// <param name="browser">What an earlier call answered to this browser, so that two windows do not undo each other; else empty.</param>
    /// <param name="fresh">Ask again whoever is signed in there.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>Where the browser goes, and the secret that its cookie keeps.</returns>
    public async Task<(string Address, string Browser)> RunAsync(Guid provider, Audience audience, string redirectUri, string back, string browser, bool fresh, string sourceAddress, CancellationToken ct)
    {
        if (await providers.FindAsync(provider, ct) is not { Enabled: true } settings) throw new OidcFailure(RefusalReason.NotFound, "there is no such provider", "provider_id");
        var configuration = await client.ConfigurationAsync(settings, ct);
        var state = OpaqueToken.Make();
        var secret = OpaqueToken.TryHash(browser, out var browserSha256) ? browser : null;
        if (secret is null)
        {
            var made = OpaqueToken.Make();
            (secret, browserSha256) = (made.Text, made.Sha256);
        }
        var flow = new Flow(settings.Id, audience, redirectUri, back, OpaqueToken.Make().Text, OpaqueToken.Make().Text, fresh, time.GetUtcNow());
        if (!await flows.BeginAsync(flow, state.Sha256, browserSha256!, sourceAddress))
        {
            log.TooManyFlows(sourceAddress);
            throw new OidcFailure(RefusalReason.SignInBusy, "too many sign-ins are under way");
        }
        var request = new OpenIdConnectMessage
        {
            IssuerAddress = configuration.AuthorizationEndpoint, RequestType = OpenIdConnectRequestType.Authentication, EnableTelemetryParameters = false, ClientId = settings.ClientId, ResponseType = OpenIdConnectResponseType.Code,
            RedirectUri = redirectUri, Scope = string.Join(' ', settings.Scopes.Prepend("openid").Distinct()), State = state.Text, Nonce = flow.Nonce,
        };
        request.SetParameter("code_challenge", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(flow.Verifier))));
        request.SetParameter("code_challenge_method", "S256");
        // Administrators give a second factor: a provider that steps up only when asked is asked. Values of amr among them mean nothing to it (OpenID Connect Core 1.0 section 3.1.2.1).
        if (audience is Audience.Administrator && settings.SecondFactorValues.Count > 0) request.AcrValues = string.Join(' ', settings.SecondFactorValues);
        if (fresh)
        {
            request.Prompt = OpenIdConnectPrompt.Login;
            request.MaxAge = "0";
        }
        return (request.CreateAuthenticationRequestUrl(), secret);
    }
}
