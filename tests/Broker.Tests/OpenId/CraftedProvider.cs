using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Montalegre.Vdi.Broker.Tests.Directories;

namespace Montalegre.Vdi.Broker.Tests.OpenId;

/// <summary>
/// A provider that says whatever a test wants, in tokens signed with its own keys: a real one does not lie. It speaks for
/// itself over TLS on loopback; its codes are the nonces that its ID tokens answer.
/// </summary>
internal sealed class CraftedProvider : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crafted-").FullName;
    private readonly LdapAuthority _authority = new("Crafted");
    private WebApplication? _app;

    public string Issuer { get; private set; } = "";

    public string Authority => _authority.Pem;

    /// <summary>Signs what is said, and is named to whoever asks, until it is changed.</summary>
    public RsaSecurityKey Key { get; set; } = NewKey("first");

    /// <summary>How often it was asked for its keys.</summary>
    public int KeysAsked { get; private set; }

    /// <summary>The ID token that a code is worth; the code is what the client sent as nonce.</summary>
    public Func<string, string> IdToken { get; set; } = _ => "";

    /// <summary>What the discovery document says of its issuer; null: the truth.</summary>
    public string? CallsItself { get; set; }

    public static RsaSecurityKey NewKey(string id) => new(RSA.Create(2048)) { KeyId = id };

    public static async Task<CraftedProvider> StartAsync()
    {
        var provider = new CraftedProvider();
        var (certificate, key) = (Path.Combine(provider._folder, "server.pem"), Path.Combine(provider._folder, "server.key"));
        provider._authority.Issue(certificate, key, IPAddress.Loopback);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate, key))));
        builder.Services.AddRoutingCore();
        var app = provider._app = builder.Build();
        app.UseRouting();
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new
        {
            issuer = provider.CallsItself ?? provider.Issuer, authorization_endpoint = $"{provider.Issuer}/auth", token_endpoint = $"{provider.Issuer}/token", jwks_uri = $"{provider.Issuer}/keys",
            token_endpoint_auth_methods_supported = new[] { "client_secret_post" },
        }));
        app.MapGet("/keys", () =>
        {
            provider.KeysAsked++;
            var named = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(provider.Key.Rsa.ExportParameters(false)) { KeyId = provider.Key.KeyId });
            return Results.Json(new { keys = new[] { new { kty = named.Kty, n = named.N, e = named.E, kid = named.Kid, use = "sig" } } });
        });
        app.MapPost("/token", async (HttpRequest request) => Results.Json(new { id_token = provider.IdToken((await request.ReadFormAsync())["code"].ToString()), access_token = "opaque", token_type = "Bearer" }));
        await app.StartAsync();
        provider.Issuer = app.Urls.Single();
        return provider;
    }

    /// <summary>A token with these claims over the usual ones; null takes a claim away.</summary>
    public string Token(IReadOnlyDictionary<string, object?> claims, SigningCredentials? with = null)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var all = new Dictionary<string, object> { ["iss"] = Issuer, ["aud"] = "montalegre", ["sub"] = "ana", ["preferred_username"] = "ana", ["name"] = "Ana", ["iat"] = now, ["exp"] = now + 300 };
        foreach (var (claim, value) in claims)
        {
            if (value is null) all.Remove(claim);
            else all[claim] = value;
        }
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor { Claims = all, SigningCredentials = with ?? new(Key, SecurityAlgorithms.RsaSha256) });
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
