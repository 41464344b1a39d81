using Grpc.Net.Client;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Rig.Postgres;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Brokers;

/// <summary>A broker process on one database of a cluster, on loopback ports of its own.</summary>
internal sealed class RunningBroker(Worker worker, string state) : IAsyncDisposable
{
    // As the broker's own project has it.
    private static readonly Dictionary<string, string> Runtime = new() { ["DOTNET_gcServer"] = "1", ["DOTNET_TieredPGO"] = "0", ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0" };

    public int ProcessId => worker.ProcessId;

    public string ApiAddress { get; } = worker.Ready.Split(' ')[0];

    public string ChannelAddress { get; } = worker.Ready.Split(' ')[1];

    public string AuthorityFile => Path.Combine(state, "authority.pem");

    public string KeyFile => Path.Combine(state, "key-encryption.key");

    public static async Task<RunningBroker> StartAsync(TemporaryCluster cluster, string database, CancellationToken ct, params string[] settings)
    {
        var state = Directory.CreateTempSubdirectory("montalegre-bench-").FullName;
        return new(await Worker.StartAsync("broker", [.. Settings(cluster, database, state), .. settings], ct, Runtime), state);
    }

    /// <summary>The settings of a broker on that database; whoever only wants its services uses them too.</summary>
    public static string[] Settings(TemporaryCluster cluster, string database, string state) =>
    [
        "--Hosting:ApiListen=127.0.0.1:0", "--Hosting:ChannelListen=127.0.0.1:0", $"--Hosting:StateDirectory={state}",
        $"--Storage:ConnectionString={cluster.ConnectionString(DatabaseAddress.AppRole, database)}",
        $"--Storage:OwnerConnectionString={cluster.ConnectionString(DatabaseAddress.OwnerRole, database)}",
    ];

    /// <summary>Certificate and key for what listens beside the broker, with <c>Certificates:DemonstrationServerNames</c>.</summary>
    public string ServerCertificate => Path.Combine(state, "demonstration", "server.pem");

    public string ServerKey => Path.Combine(state, "demonstration", "server.key");

    /// <summary>A channel to the API that trusts this broker.</summary>
    public GrpcChannel Channel() => GrpcChannel.ForAddress(ApiAddress, new GrpcChannelOptions { HttpHandler = StackTrust.Handler(AuthorityFile), DisposeHttpClient = true });

    /// <summary>Makes the first administrator by the one-time token, with an authenticator app.</summary>
    public async Task<RigAuthenticator> FirstAdministratorAsync(GrpcChannel channel, string userName, string password, CancellationToken ct)
    {
        var link = (await File.ReadAllTextAsync(Path.Combine(state, "set-up-token"), ct)).Trim();
        var made = await new Administrators.AdministratorsClient(channel).SetUpAsync(new() { Token = link, UserName = userName, DisplayName = userName, Password = password }, cancellationToken: ct);
        return await RigAuthenticator.EnrolAsync(channel, made.SecondStep);
    }

    /// <summary>Lets the garbage collector finish, so that what is left is held.</summary>
    public Task SettleAsync(CancellationToken ct) => worker.AskAsync("settle", TimeSpan.FromSeconds(60), ct);

    public async ValueTask DisposeAsync()
    {
        await worker.DisposeAsync();
        Directory.Delete(state, recursive: true);
    }
}
