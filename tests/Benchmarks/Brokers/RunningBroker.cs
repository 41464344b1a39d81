using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Benchmarks.Brokers;

/// <summary>A broker process on one database of a cluster, on loopback ports of its own.</summary>
internal sealed class RunningBroker(Worker worker, string state) : IAsyncDisposable
{
    public int ProcessId => worker.ProcessId;

    public string ApiAddress { get; } = worker.Ready.Split(' ')[0];

    public string ChannelAddress { get; } = worker.Ready.Split(' ')[1];

    public string AuthorityFile => Path.Combine(state, "authority.pem");

    /// <summary>Holds the one-time token that makes the first administrator.</summary>
    public string SetUpTokenFile => Path.Combine(state, "set-up-token");

    public string KeyFile => Path.Combine(state, "key-encryption.key");

    public static async Task<RunningBroker> StartAsync(TemporaryCluster cluster, string database, CancellationToken ct, params string[] settings)
    {
        var state = Directory.CreateTempSubdirectory("montalegre-bench-").FullName;
        return new(await Worker.StartAsync("broker", [.. Settings(cluster, database, state), .. settings], ct), state);
    }

    /// <summary>The settings of a broker on that database; whoever only wants its services uses them too.</summary>
    public static string[] Settings(TemporaryCluster cluster, string database, string state) =>
    [
        "--Hosting:ApiListen=127.0.0.1:0", "--Hosting:ChannelListen=127.0.0.1:0", $"--Hosting:StateDirectory={state}",
        $"--Storage:ConnectionString={cluster.ConnectionString(DatabaseAddress.AppRole, database)}",
        $"--Storage:OwnerConnectionString={cluster.ConnectionString(DatabaseAddress.OwnerRole, database)}",
    ];

    /// <summary>Lets the garbage collector finish, so that what is left is held.</summary>
    public Task SettleAsync(CancellationToken ct) => worker.AskAsync("settle", TimeSpan.FromSeconds(60), ct);

    public async ValueTask DisposeAsync()
    {
        await worker.DisposeAsync();
        Directory.Delete(state, recursive: true);
    }
}
