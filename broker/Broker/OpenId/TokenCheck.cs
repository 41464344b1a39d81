using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>Checks tokens of providers: who issued them, for whom, with which key, when, and that they answer what we asked.</summary>
internal sealed class TokenCheck(ProviderClient client, TimeProvider time)
{
    /// <summary>Our limit; the specifications name none.</summary>
    public const int LongestToken = 64 * 1024;

    private const string LogoutEvent = "http://schemas.openid.net/event/backchannel-logout";
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);

    // Signatures with a key pair only: a shared secret, or none, would let the wrong one sign.
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384,
        SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>OpenID Connect Core 1.0 section 3.1.3.7.</summary>
    /// <param name="provider">Who must have issued it, to us.</param>
    /// <param name="token">As it came from the back channel.</param>
    /// <param name="nonce">What was sent with the question.</param>
    /// <param name="authenticatedSince">When it was asked that the person shows again who he is; null: that was not asked.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<Claims> IdTokenAsync(OidcSettings provider, string token, string nonce, DateTimeOffset? authenticatedSince, CancellationToken ct)
    {
        var claims = await ValidAsync(provider, token, ct);
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(claims.Text("nonce") ?? ""), Encoding.UTF8.GetBytes(nonce))) throw Bad("the nonce is another one");
        if (claims.Text("sub") is not { Length: <= 255 }) throw Bad("it names no subject");
        if (claims.Text("azp") is { } party && party != provider.ClientId || claims.Texts("aud").Count > 1 && claims.Text("azp") is null) throw Bad("it was issued to somebody else");
        if (authenticatedSince is { } since && !(claims.Time("auth_time") >= since - Skew)) throw Bad("the person was not asked again");
        return claims;
    }

    /// <summary>OpenID Connect Back-Channel Logout 1.0 section 2.6.</summary>
    public async Task<(string Id, string? Subject, string? Sid, DateTimeOffset Expires)> LogoutTokenAsync(OidcSettings provider, string token, CancellationToken ct)
    {
        var claims = await ValidAsync(provider, token, ct);
        if (!claims.HasEvent(LogoutEvent)) throw Bad("it is no logout token");
        if (claims.Has("nonce")) throw Bad("a logout token has no nonce");
        if (claims.Time("iat") is not { } issued || issued < time.GetUtcNow() - TimeSpan.FromHours(1)) throw Bad("it is too old");
        if (claims.Text("jti") is not { Length: <= 255 } id) throw Bad("it has no identifier");
        var (subject, sid) = (claims.Text("sub"), claims.Text("sid"));
        if (subject is null && sid is null) throw Bad("it names nobody");
        return (id, subject, sid, claims.Time("exp")!.Value + Skew);
    }

    /// <summary>Who says that he issued a token, and to whom; nothing of it is true before it was checked. Null for what is no token.</summary>
    public static (string Issuer, IReadOnlyList<string> Audiences)? Glance(string token)
    {
        if (Read(token) is not { } read) return null;
        var claims = Payload(read);
        return claims?.Text("iss") is { } issuer ? (issuer, claims.Texts("aud")) : null;
    }

    private async Task<Claims> ValidAsync(OidcSettings provider, string token, CancellationToken ct)
    {
        if (Read(token) is not { } read || Payload(read) is not { } claims) throw Bad("it is no token");
        var result = await CheckAsync(provider, token, await client.ConfigurationAsync(provider, ct));
        // The provider may have changed its keys since it was asked for them.
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException) result = await CheckAsync(provider, token, await client.ConfigurationAsync(provider, ct, anew: true));
        return result.IsValid ? claims : throw Bad(result.Exception.GetType().Name);
    }

    private Task<TokenValidationResult> CheckAsync(OidcSettings provider, string token, OpenIdConnectConfiguration configuration) =>
        new JsonWebTokenHandler { MapInboundClaims = false, MaximumTokenSizeInBytes = LongestToken }.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = provider.Issuer, ValidAudience = provider.ClientId, IssuerSigningKeys = configuration.SigningKeys, ValidAlgorithms = Algorithms,
            RequireSignedTokens = true, RequireExpirationTime = true, ClockSkew = Skew, LogValidationExceptions = false,
            LifetimeValidator = (from, until, _, _) => until is { } end && time.GetUtcNow().UtcDateTime < end + Skew && (from is null || time.GetUtcNow().UtcDateTime > from.Value - Skew),
        });

    private static JsonWebToken? Read(string token)
    {
        if (token.Length is 0 or > LongestToken) return null;
        try { return new JsonWebToken(token); }
        // The library has many ways of saying that a text is no token.
        catch (Exception e) when (e is ArgumentException or SecurityTokenException or FormatException or JsonException or InvalidOperationException) { return null; }
    }

    private static Claims? Payload(JsonWebToken token)
    {
        try { return new(JsonElement.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload))); }
        catch (Exception e) when (e is FormatException or JsonException or ArgumentException) { return null; }
    }

    private static OidcFailure Bad(string problem) => new(RefusalReason.ProviderRefused, $"the token does not hold: {problem}");
}
