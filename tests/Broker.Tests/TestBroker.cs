using System.Net.Security;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts;

[assembly: SupportedOSPlatform("linux")]

namespace Montalegre.Vdi.Broker.Tests;

/// <summary>
/// A whole broker in this process, on loopback ports of its own and a fresh database: real Kestrel, TLS and PostgreSQL.
/// Use as <c>IClassFixture&lt;TestBroker&gt;</c>, or make one with <see cref="StartAsync"/>.
/// </summary>
public sealed class TestBroker(TestCluster cluster) : IAsyncLifetime
{
    private readonly string _state = Directory.CreateTempSubdirectory("montalegre-broker-").FullName;
    private readonly List<IDisposable> _opened = [];
    private WebApplication? _app;
    private string[] _settings = [];

    public TestDatabase Database { get; } = new(cluster);

    /// <summary>False: another node leads, so that no reconciler touches the rows of a test that looks after its machines itself.</summary>
    public bool Leads { get; init; } = true;

    public IServiceProvider Services => _app!.Services;

    /// <summary>For example <c>https://127.0.0.1:40123</c>.</summary>
    public string ApiAddress => _app!.Urls.First();

    public string ChannelAddress => _app!.Urls.Last();

    public string StateDirectory => _state;

    public ValueTask InitializeAsync() => StartAsync([]);

    /// <summary>Starts with further settings and services; for tests that do not use the fixture as it is.</summary>
    internal async ValueTask StartAsync(string[] settings)
    {
        _settings = settings;
        try
        {
            await Database.InitializeAsync();
            if (!Leads) await LeaveLeadershipToAnotherAsync();
            _app = Build(_state, settings);
            await _app.StartAsync();
        }
        catch
        {
            await DisposeAsync();   // nobody disposes of a fixture that did not start
            throw;
        }
    }

    /// <summary>Stops the broker and starts another on the same state and database, as after a restart of the service.</summary>
    internal async Task RestartAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _app = Build(_state, _settings);
        await _app.StartAsync();
    }

    /// <summary>Another node on the same database, with the same key and doors of its own; dispose of it.</summary>
    internal async Task<WebApplication> SecondNodeAsync(params string[] settings)
    {
        var state = Directory.CreateDirectory(Path.Combine(_state, "second")).FullName;
        var node = Build(state, [$"--Certificates:KeyFile={Path.Combine(_state, "key-encryption.key")}", .. settings]);
        await node.StartAsync();
        return node;
    }

    /// <summary>A client that trusts this installation's authority, on the API endpoint.</summary>
    public GrpcChannel Api() => Open(ApiAddress, null);

    /// <summary>A client on the channel endpoint, with or without a certificate; of another node if one is given.</summary>
    public GrpcChannel Channel(X509Certificate2? certificate, WebApplication? node = null) => Open(node?.Urls.Last() ?? ChannelAddress, certificate);

    /// <summary>An HTTP client that trusts this installation's authority.</summary>
    public HttpClient Http(string address, X509Certificate2? certificate = null)
    {
        var client = new HttpClient(Handler(certificate)) { BaseAddress = new Uri(address) };
        _opened.Add(client);
        return client;
    }

    /// <summary>A certificate as a machine or gateway gets it, with its key.</summary>
    internal async Task<X509Certificate2> IssueAsync(PeerKind kind, Guid subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ignored", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        var issued = Assert.IsType<CertificateOutcome.Issued>(await Services.GetRequiredService<CertificateAuthority>().IssueAsync(request, kind, subject));
        using var leaf = X509CertificateLoader.LoadCertificate(issued.Certificate);
        return leaf.CopyWithPrivateKey(key);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var opened in _opened) opened.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
            _app = null;
        }
        await Database.DisposeAsync();
        if (Directory.Exists(_state)) Directory.Delete(_state, recursive: true);
    }

    private WebApplication Build(string state, string[] settings) => BrokerApplication.Build(
    [
        "--Hosting:ApiListen=127.0.0.1:0", "--Hosting:ChannelListen=127.0.0.1:0", $"--Hosting:StateDirectory={state}", "--Hosting:LogLevel=Warning",
        $"--Storage:ConnectionString={Database.ConnectionString}", $"--Storage:OwnerConnectionString={Database.OwnerConnectionString}",
        "--Provisioning:EnrolmentUrl=https://127.0.0.1:1", "--Provisioning:ChannelUrl=https://127.0.0.1:2",
        "--Identity:HashIterations=1000",        // production's number is there to slow guessing down
        "--Agents:ReturnWithin=1.00:00:00",      // agents of nodes that only a test's rows name do not become orphans while it is slow
        .. settings.Any(s => s.StartsWith("--Agents:", StringComparison.Ordinal)) ? Array.Empty<string>() : ["--Agents:SilentAfter=360", "--Agents:HelloWithin=00:01:00"],   // pretended agents often do not beat at all
        .. settings,
    ]);

    private async Task LeaveLeadershipToAnotherAsync()
    {
        await using var command = Database.DataSource.CreateCommand("insert into lease (role, node_id, epoch, expires_at) values ('leader', gen_random_uuid(), 5, 'infinity')");
        await command.ExecuteNonQueryAsync();
    }

    private GrpcChannel Open(string address, X509Certificate2? certificate)
    {
        var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = Handler(certificate), DisposeHttpClient = true });
        _opened.Add(channel);
        return channel;
    }

    private SocketsHttpHandler Handler(X509Certificate2? certificate)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(Services.GetRequiredService<CertificateAuthority>().Certificate);
        var tls = new SslClientAuthenticationOptions { CertificateChainPolicy = policy, TargetHost = JoinDocument.BrokerServerName };
        if (certificate is not null) tls.ClientCertificates = [certificate];
        return new SocketsHttpHandler { SslOptions = tls };
    }
}
