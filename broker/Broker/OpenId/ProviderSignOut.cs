using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>Single logout, both ways: who signs out here is led to sign out there, and who signed out there is signed out here.</summary>
internal sealed class ProviderSignOut(OidcStore providers, ProviderSessionStore sessions, ProviderClient client, TokenCheck check, SignOutUser signOut, CallerDirectory callers, ILogger<ProviderSignOut> log)
{
    /// <summary>Ends the caller's sign-in. Where the browser signs out of the provider (RP-Initiated Logout 1.0); empty: nowhere.</summary>
    public async Task<string> RunAsync(Caller caller, string redirectUri, CancellationToken ct)
    {
        if (await sessions.EndAsync(caller) is not { } ended)
        {
            await signOut.RunAsync(caller);
            return "";
        }
        callers.Forget(caller.SignIn);
        if (await providers.FindAsync(ended.Provider, ct) is not { } provider) return "";
        try
        {
            var configuration = await client.ConfigurationAsync(provider, ct);
            if (!ProviderClient.IsHttps(configuration.EndSessionEndpoint)) return "";
            return new OpenIdConnectMessage
            {
                IssuerAddress = configuration.EndSessionEndpoint, RequestType = OpenIdConnectRequestType.Logout, EnableTelemetryParameters = false,
                ClientId = provider.ClientId, IdTokenHint = ended.IdToken, PostLogoutRedirectUri = redirectUri,
            }.CreateLogoutRequestUrl();
        }
        catch (OidcFailure e)
        {
            // Signed out here is signed out here, whatever becomes of the provider.
            log.ProviderSignOutUnknown(provider.Name, e.Message);
            return "";
        }
    }

    /// <summary>A provider says that a session ended there. How many sign-ins ended here; null when its token does not hold.</summary>
    public async Task<int?> RunAsync(string logoutToken, CancellationToken ct)
    {
        try
        {
            if (TokenCheck.Glance(logoutToken) is not { } said || (await providers.AllAsync(ct)).FirstOrDefault(p => p.Enabled && p.Issuer == said.Issuer && said.Audiences.Contains(p.ClientId)) is not { } provider)
            {
                log.LogoutTokenRefused("it is from no provider of ours");
                return null;
            }
            var named = await check.LogoutTokenAsync(provider, logoutToken, ct);
            var ended = await sessions.EndAsync(provider.Id, named.Id, named.Subject, named.Sid, named.Expires);
            log.ProviderEndedSession(provider.Name, ended);
            return ended;
        }
        catch (OidcFailure e)
        {
            log.LogoutTokenRefused(e.Message);
            return null;
        }
    }
}
