using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Postgres;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Rig.OpenId;

/// <summary>A program that the provider knows.</summary>
/// <param name="Face">https address of portal or console, without a slash at the end.</param>
/// <param name="Id">What it is called there.</param>
public sealed record OpenIdClient(string Face, string Id = "montalegre");

/// <summary>
/// A real OpenID Connect provider (npm's oidc-provider) on loopback, with its own pages for signing in and consenting and a
/// certificate of its own authority. It says "localhost" of itself and is thereby another site than 127.0.0.1.
/// </summary>
public sealed class OpenIdProvider : IAsyncDisposable
{
    /// <summary>The secret of every client.</summary>
    public const string Secret = "just between us: 47+11%";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Grants = ["authorization_code"];
    private static readonly string[] Responses = ["code"];
    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);
    private readonly string _folder = Directory.CreateTempSubdirectory("openid-").FullName;
    private readonly OpenIdAuthority _authority = new();
    private readonly int _port = LoopbackPorts.Free();
    private OwnProcess? _server;

    /// <summary>What its tokens say.</summary>
    public string Issuer => $"https://localhost:{_port}";

    /// <summary>PEM of the authority that its certificate is from.</summary>
    public string Authority => _authority.Pem;

    /// <summary>Everything it said.</summary>
    public string Output => _server?.Output ?? "";

    /// <param name="clients">Who may ask it.</param>
    /// <param name="people">Further claims by name that is typed; whoever types another name is a person, too.</param>
    /// <param name="claimsInIdToken">Else the claims about people are asked for at its userinfo endpoint.</param>
    /// <param name="trusted">PEM of authorities whose servers it tells about sign-outs.</param>
    public static async Task<OpenIdProvider> StartAsync(IReadOnlyList<OpenIdClient> clients, IReadOnlyDictionary<string, object>? people = null, bool claimsInIdToken = true, string trusted = "")
    {
        var provider = new OpenIdProvider();
        try
        {
            await provider.ConfigureAsync(clients, people ?? new Dictionary<string, object>(), claimsInIdToken, trusted);
            await provider.RunAsync();
            return provider;
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, again after <see cref="StopAsync"/>; whoever was signed in is not any more.</summary>
    public async Task RunAsync()
    {
        var program = Path.Combine(await Installed.Value, "provider.mjs");
        _server = OwnProcess.Start("/usr/bin/env", ["node", program, Path.Combine(_folder, "settings.json")]);
        var listens = await Eventually.IsTrueAsync(async () =>
        {
            if (_server.HasExited) throw new InvalidOperationException($"the provider ended: {_server.Output}");
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync("127.0.0.1", _port);
                return true;
            }
            catch (SocketException) { return false; }
        }, Patience);
        if (!listens) throw new InvalidOperationException($"the provider does not listen: {_server.Output}");
    }

    /// <summary>It answers nobody any more.</summary>
    public async Task StopAsync() => await _server!.EndAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ConfigureAsync(IReadOnlyList<OpenIdClient> clients, IReadOnlyDictionary<string, object> people, bool claimsInIdToken, string trusted)
    {
        string In(string name) => Path.Combine(_folder, name);
        _authority.Issue(In("server.pem"), In("server.key"));
        await File.WriteAllTextAsync(In("authorities.pem"), _authority.Pem + "\n" + trusted);
        await File.WriteAllTextAsync(In("settings.json"), JsonSerializer.Serialize(new
        {
            issuer = Issuer, address = "127.0.0.1", port = _port, certificate = In("server.pem"), key = In("server.key"), authority = In("authorities.pem"), claimsInIdToken, people,
            clients = clients.GroupBy(client => client.Id).Select(client => new
            {
                client_id = client.Key, client_secret = Secret, grant_types = Grants, response_types = Responses, scope = "openid profile groups",
                redirect_uris = client.Select(c => $"{c.Face}/sign-in/back"), post_logout_redirect_uris = client.Select(c => $"{c.Face}/sign-in/left"),
                backchannel_logout_uri = $"{client.First().Face}/sign-in/ended", backchannel_logout_session_required = true,
            }),
        }));
    }

    // Installed once for the checkout, beside what is installed; the move decides who of several was first.
    private static async Task<string> InstallAsync()
    {
        var sources = new[] { "package.json", "package-lock.json", "provider.mjs" };
        var hash = Convert.ToHexStringLower(SHA256.HashData([.. sources.SelectMany(name => File.ReadAllBytes(Checkout.Path($"tests/Rig/OpenId/{name}")))]))[..16];
        var installed = Checkout.Path($"artifacts/openid-provider-{hash}");
        if (Directory.Exists(installed)) return installed;
        var made = Directory.CreateDirectory(Checkout.Path($"artifacts/openid-provider-{hash}-{Environment.ProcessId}")).FullName;
        foreach (var name in sources) File.Copy(Checkout.Path($"tests/Rig/OpenId/{name}"), Path.Combine(made, name), overwrite: true);
        await Run.ToEndAsync("/usr/bin/env", ["npm", "ci", "--prefix", made, "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
        try { Directory.Move(made, installed); }
        catch (IOException) when (Directory.Exists(installed)) { Directory.Delete(made, recursive: true); }
        return installed;
    }
}
