using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Montalegre.Vdi.Benchmarks.Brokers;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Postgres;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Consoles;

/// <summary>Broker, gateway with portal, and console, each a process of its own, on a seeded database.</summary>
internal sealed class ConsoleStack : IAsyncDisposable
{
    private const string Administrator = "rosa";
    private readonly RunningBroker _broker;
    private readonly string _state = Directory.CreateTempSubdirectory("montalegre-bench-").FullName;
    private ServerProcess? _gateway;

    private ConsoleStack(RunningBroker broker) => _broker = broker;

    /// <summary>The console's process.</summary>
    public ServerProcess Console { get; private set; } = null!;

    public string ConsoleUrl { get; } = $"https://127.0.0.1:{LoopbackPorts.Free()}";

    public string PortalUrl { get; } = $"https://127.0.0.1:{LoopbackPorts.Free()}";

    /// <summary>What a browser keeps of an administrator's sign-in at the console.</summary>
    public string ConsoleSignIn { get; private set; } = "";

    /// <summary>What a browser keeps of an employee's sign-in at the portal.</summary>
    public string PortalSignIn { get; private set; } = "";

    public static async Task<ConsoleStack> StartAsync(TemporaryCluster cluster, string database, Browser browser, CancellationToken ct)
    {
        var progress = new Progress(System.Console.Out);
        await Builds.ProjectsAsync(["broker/Gateway", "admin-ui/AdminUi"], progress, ct);
        await Builds.WorkerAsync(progress, ct);
        var stack = new ConsoleStack(await RunningBroker.StartAsync(cluster, database, ct, "--Certificates:DemonstrationServerNames:0=127.0.0.1"));
        try
        {
            await stack.StartAsync(browser, ct);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in new[] { Console, _gateway }.OfType<ServerProcess>()) await server.DisposeAsync();
        await _broker.DisposeAsync();
        Directory.Delete(_state, recursive: true);
    }

    private async Task StartAsync(Browser browser, CancellationToken ct)
    {
        using var channel = _broker.Channel();
        var authenticator = await _broker.FirstAdministratorAsync(channel, Administrator, ConsoleSeed.Password, ct);
        var token = new Metadata { { "authorization", $"Bearer {authenticator.Token}" } };
        await new Users.UsersClient(channel).CreateAsync(new() { UserName = ConsoleSeed.Employee, DisplayName = "Ana Silva", Password = ConsoleSeed.Password }, token, cancellationToken: ct);
        var pools = new Contracts.Admin.V1.Pools.PoolsClient(channel);
        var pool = (await pools.ListAsync(new(), token, cancellationToken: ct)).Pools.Single(p => p.Name == ConsoleSeed.Pool);
        await pools.EntitleAsync(new() { PoolId = pool.PoolId, UserName = ConsoleSeed.Employee }, token, cancellationToken: ct);
        var rdp = $"127.0.0.1:{LoopbackPorts.Free()}";
        var join = await new Contracts.Admin.V1.Infrastructure.InfrastructureClient(channel).CreateGatewayTokenAsync(new() { Name = "gateway-1", RdpAddress = rdp }, token, cancellationToken: ct);
        await StartGatewayAsync(join.JoinToken, rdp, ct);
        Console = await ServerProcess.StartAsync("admin-ui/AdminUi", new Dictionary<string, string>
        {
            ["Console:Urls"] = ConsoleUrl, ["Console:CertificatePath"] = _broker.ServerCertificate, ["Console:CertificateKeyPath"] = _broker.ServerKey,
            ["Console:BrokerAddress"] = _broker.ApiAddress, ["Console:BrokerCertificateAuthorityPath"] = _broker.AuthorityFile,
        }, ConsoleUrl, _broker.AuthorityFile, ct);
        ConsoleSignIn = await browser.SignInAsync(ConsoleUrl, Administrator, ConsoleSeed.Password, authenticator.NextCode());
        PortalSignIn = await browser.SignInAsync(PortalUrl, ConsoleSeed.Employee, ConsoleSeed.Password);
    }

    private async Task StartGatewayAsync(string join, string rdp, CancellationToken ct)
    {
        var tokenFile = Path.Combine(_state, "join-token");
        await File.WriteAllTextAsync(tokenFile, join, ct);
        File.SetUnixFileMode(tokenFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(_broker.AuthorityFile, ct));
        _gateway = await ServerProcess.StartAsync("broker/Gateway", new Dictionary<string, string>
        {
            ["Gateway:Name"] = "gateway-1", ["Gateway:RdpListen"] = rdp, ["Gateway:StateDirectory"] = _state, ["Gateway:JoinTokenFile"] = tokenFile,
            ["Gateway:BrokerEnrolment"] = _broker.ApiAddress, ["Gateway:BrokerChannel"] = _broker.ChannelAddress, ["Gateway:BrokerAuthoritySha256"] = Convert.ToHexStringLower(SHA256.HashData(authority.RawData)),
            ["Gateway:CertificateFile"] = _broker.ServerCertificate, ["Gateway:CertificateKeyFile"] = _broker.ServerKey,
            ["Portal:Broker"] = _broker.ApiAddress, ["Gateway:Portal:Listen"] = PortalUrl["https://".Length..], ["Gateway:Html5:WorkerFolder"] = Builds.WorkerFolder,
        }, PortalUrl, _broker.AuthorityFile, ct);
    }
}
