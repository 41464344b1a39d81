using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>The back channel to providers: what they say about themselves, codes for tokens, claims about people. Every answer is bounded in size and time.</summary>
internal sealed class ProviderClient(IOptions<OpenIdOptions> options, TimeProvider time)
{
    private const int LongestAnswer = 256 * 1024;
    private static readonly TimeSpan FailureRemembered = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan YoungEnough = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<(string Issuer, string Authorities), Known> _known = new();

    /// <summary>What the provider says about itself; asked once for all who wait for it.</summary>
    /// <param name="provider">Which.</param>
    /// <param name="ct">Stops waiting, not asking: others wait, too.</param>
    /// <param name="anew">A key is not among those that are known: ask again, unless that was just done.</param>
    public async Task<OpenIdConnectConfiguration> ConfigurationAsync(OidcSettings provider, CancellationToken ct, bool anew = false)
    {
        var key = (provider.Issuer, provider.Authorities);
        var known = _known.AddOrUpdate(key, _ => Ask(provider), (_, old) => IsOver(old, anew) ? Ask(provider) : old);
        try { return await known.Answer.Value.WaitAsync(ct); }
        catch (OidcFailure e) { throw new OidcFailure(e.Reason, e.Message, e.Detail, e); }
    }

    /// <summary>A question of its own, for who sets a provider up.</summary>
    public async Task<OpenIdConnectConfiguration> AskAsync(OidcSettings provider)
    {
        using var http = Open(provider);
        try
        {
            var found = await OpenIdConnectConfigurationRetriever.GetAsync(DocumentOf(provider), new HttpDocumentRetriever(http), CancellationToken.None);
            if (found.Issuer != provider.Issuer) throw Unfit(OidcStep.Issuer, $"it calls itself {found.Issuer}");
            foreach (var address in new[] { found.AuthorizationEndpoint, found.TokenEndpoint })
                if (!IsHttps(address)) throw Unfit(OidcStep.Endpoints, $"'{address}' is not an https address");
            return found.SigningKeys.Count > 0 ? found : throw Unfit(OidcStep.Keys, "it names no signing keys");
        }
        // Whatever a stranger's document makes the library throw is about that document.
        catch (Exception e) when (e is not OidcFailure) { throw new OidcFailure(RefusalReason.ProviderUnreachable, Innermost(e), inner: e) { Step = StepOf(e) }; }
    }

    /// <summary>Where a provider describes itself (OpenID Connect Discovery 1.0 section 4).</summary>
    public static string DocumentOf(OidcSettings provider) => $"{provider.Issuer.TrimEnd('/')}/.well-known/openid-configuration";

    /// <summary>Tokens for a code. They reach no log.</summary>
    public async Task<OpenIdConnectMessage> RedeemAsync(OidcSettings provider, OpenIdConnectConfiguration configuration, string code, string redirectUri, string verifier, CancellationToken ct)
    {
        var form = new Dictionary<string, string> { ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = redirectUri, ["code_verifier"] = verifier };
        using var request = new HttpRequestMessage(HttpMethod.Post, configuration.TokenEndpoint);
        // RFC 6749 section 2.3.1: Basic unless the provider takes the form only; both parts are form-encoded first.
        if (provider.ClientSecret.Length > 0 && configuration.TokenEndpointAuthMethodsSupported is var ways && (ways.Count == 0 || ways.Contains("client_secret_basic")))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(provider.ClientId)}:{Uri.EscapeDataString(provider.ClientSecret)}")));
        }
        else
        {
            form["client_id"] = provider.ClientId;
            if (provider.ClientSecret.Length > 0) form["client_secret"] = provider.ClientSecret;
        }
        request.Content = new FormUrlEncodedContent(form);
        using var http = Open(provider);
        var (ok, text) = await SendAsync(http, request, ct);
        var answer = Parsed(() => new OpenIdConnectMessage(text));
        if (!ok || answer.IdToken is not { Length: > 0 }) throw new OidcFailure(RefusalReason.ProviderRefused, $"no tokens for the code: {Plain(answer.Error)}", Plain(answer.Error));
        return answer;
    }

    /// <summary>Claims about the person that are not in the ID token.</summary>
    public async Task<Claims> UserInfoAsync(OidcSettings provider, OpenIdConnectConfiguration configuration, string accessToken, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, configuration.UserInfoEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        using var http = Open(provider);
        var (ok, text) = await SendAsync(http, request, ct);
        if (!ok) throw new OidcFailure(RefusalReason.ProviderRefused, "it does not answer claims about the person");
        return Parsed(() => new Claims(JsonElement.Parse(text)));
    }

    /// <summary>A code of a provider's own error, or nothing: what a stranger writes is not shown.</summary>
    public static string Plain(string? error) => error is { Length: > 0 and <= 40 } && error.All(letter => char.IsAsciiLetterLower(letter) || letter == '_') ? error : "";

    public static bool IsHttps(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps;

    private static T Parsed<T>(Func<T> read)
    {
        try { return read(); }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException or InvalidOperationException) { throw new OidcFailure(RefusalReason.ProviderRefused, "its answer is not JSON that we understand", inner: e); }
    }

    private static async Task<(bool Ok, string Text)> SendAsync(HttpClient http, HttpRequestMessage request, CancellationToken ct)
    {
        try
        {
            using var answer = await http.SendAsync(request, ct);
            return (answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(ct));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested) { throw new OidcFailure(RefusalReason.ProviderUnreachable, Innermost(e), inner: e); }
    }

    private HttpClient Open(OidcSettings provider)
    {
        var tls = new SslClientAuthenticationOptions { CertificateChainPolicy = provider.Trust() };
        return new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, SslOptions = tls, ConnectTimeout = options.Value.Patience }) { Timeout = options.Value.Patience, MaxResponseContentBufferSize = LongestAnswer };
    }

    private Known Ask(OidcSettings provider) => new(time.GetTimestamp(), new(() => AskAsync(provider)));

    private bool IsOver(Known old, bool anew)
    {
        var age = time.GetElapsedTime(old.At);
        if (old.Answer is { IsValueCreated: true, Value: { IsFaulted: true } or { IsCanceled: true } }) return age > FailureRemembered;
        return age > (anew ? YoungEnough : options.Value.Remembered);
    }

    private static OidcFailure Unfit(OidcStep step, string problem) => new(RefusalReason.ProviderUnreachable, problem) { Step = step };

    private static OidcStep StepOf(Exception e)
    {
        for (var inner = e; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case AuthenticationException: return OidcStep.Certificate;
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }: return OidcStep.Certificate;
                case HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError }: return OidcStep.Connect;
                case TaskCanceledException: return OidcStep.Connect;
            }
        }
        return OidcStep.Document;
    }

    private static string Innermost(Exception e) => e.GetBaseException().Message;

    private sealed record Known(long At, Lazy<Task<OpenIdConnectConfiguration>> Answer);
}
