using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>A pool on a host in memory, and the pieces of the provisioning loop to be turned by hand on a real database.</summary>
internal sealed class FakeHostPool : IAsyncDisposable
{
    private const int MostSteps = 200;
    private readonly TestBroker _broker;
    private readonly HypervisorDirectory _hosts;
    private readonly OperationStore _operations;
    private readonly PoolStore _pools;
    private readonly IOptions<ProvisioningOptions> _options;

    private FakeHostPool(TestBroker broker)
    {
        _broker = broker;
        var database = broker.Database.DataSource;
        Rows = new(database);
        _hosts = new(database, host => new FakeHypervisor(host));
        (_operations, _pools) = (new(database), new(database));
        _options = broker.Services.GetRequiredService<IOptions<ProvisioningOptions>>();
    }

    public Arrange Rows { get; }

    public HypervisorDirectory Hosts => _hosts;

    public PoolId Pool { get; private set; }

    public FakeHypervisor Host { get; private set; } = null!;

    /// <summary>The epoch of the broker that leads now; each kill makes a new leader with the next one.</summary>
    public long Epoch { get; private set; } = 10;

    public int Kills { get; private set; }

    /// <summary>Each starts with an empty journal: claims are not told apart by pool.</summary>
    public static async Task<FakeHostPool> MakeAsync(TestBroker broker, int size, string kind = "floating")
    {
        var made = new FakeHostPool(broker);
        await made.Rows.ExecuteAsync("delete from operation", new { });
        made.Pool = await made.Rows.PoolAsync(kind);
        await made.ResizeAsync(size);
        await made._hosts.RefreshAsync(TestContext.Current.CancellationToken);
        made.Host = (FakeHypervisor)made._hosts.For(new(made.Pool.Value));
        await made.Host.EnsureImageAsync(new(made.Pool.Value), "/nowhere", null, TestContext.Current.CancellationToken);
        await new HostReadings(broker.Database.DataSource).KeepAsync(made.Host.Host, made.Host.Load, made._options.Value.Pace);
        // The host is read all the time: what was read does not grow old while a test is slow.
        await made.Rows.ExecuteAsync("update host_reading set read_at = now() + interval '1 hour' where host_id = @host", new { host = made.Host.Host.Value });
        return made;
    }

    public Task ResizeAsync(int size) => Rows.ExecuteAsync(
        "update pool set size = @size, machine_name_pattern = @pattern where pool_id = @pool",
        new { size, pool = Pool.Value, pattern = $"m-{Pool.Value:N}-{{n}}" });

    /// <summary>One pass over the pool, then steps until nothing is due but waiting for agents; a killed broker is followed by the next one.</summary>
    public async Task RunAsync()
    {
        await ReconcileAsync();
        for (var steps = 0; await _operations.ClaimAsync(_options.Value.ParallelPerHost) is { } due; steps++)
        {
            Assert.True(steps < MostSteps, $"{due.Kind} {due.Step} does not come to an end after {MostSteps} steps");
            if (await KilledDuringAsync(due)) await NewLeaderAsync();
            else await StretchBackOffAsync(Rows, due);
        }
    }

    /// <summary>A back-off of seconds does not end while a slow test still looks at what failed; a new leader ends it, as ever.</summary>
    public static Task StretchBackOffAsync(Arrange rows, DueOperation failed) => rows.ExecuteAsync(
        "update operation set next_attempt_at = next_attempt_at + interval '1 hour' where operation_id = @id and state = 'running' and attempts > @Attempts and next_attempt_at > step_since",
        new { id = failed.OperationId, failed.Attempts });

    public async Task ReconcileAsync()
    {
        foreach (var wanted in (await _pools.WantedAsync(await new PowerStore(_broker.Database.DataSource).SchedulesAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken)).Where(p => p.PoolId == Pool.Value))
            await new ReconcilePool(_pools, new PowerStore(_broker.Database.DataSource), _options, TimeProvider.System, NullLogger<ReconcilePool>.Instance).RunAsync(wanted, TestContext.Current.CancellationToken);
    }

    /// <summary>Makes what is waiting due, as a new leader does.</summary>
    public async Task NewLeaderAsync()
    {
        Epoch++;
        await _operations.TakeOverAsync();
    }

    /// <summary>The agents of all machines that wait for theirs report.</summary>
    public async Task AgentsReportAsync()
    {
        foreach (var machine in await MachinesAsync())
            if (await Rows.RunningAsync(machine) is { } running && running.EndsWith(" await_agent", StringComparison.Ordinal))
                await new AgentStore(_broker.Database.DataSource).GreetAsync(machine, Guid.NewGuid(), new Hello { BootId = Guid.NewGuid().ToString() }, new(Guid.NewGuid()));
    }

    /// <summary>The machines of the pool, by their records.</summary>
    public async Task<IReadOnlyList<MachineId>> MachinesAsync() =>
        [.. (await _pools.MembersAsync(Pool, TestContext.Current.CancellationToken)).OrderBy(m => m.Ordinal).Select(m => m.Machine)];

    public Task<int> GenerationAsync(MachineId machine) => Rows.ScalarAsync<int>("select generation from machine where machine_id = @id", machine.Value);

    public Task SweepAsync()
    {
        var lease = _broker.Services.GetRequiredService<LeaseKeeper>();
        var sessions = new SessionStore(_broker.Database.DataSource);
        var end = new EndSession(sessions, TimeProvider.System, NullLogger<EndSession>.Instance);
        var sweep = new DriftSweep(lease, _hosts, _broker.Database.DataSource, new(_broker.Database.DataSource), _operations, new(_broker.Database.DataSource), sessions, end, _options, TimeProvider.System, NullLogger<DriftSweep>.Instance);
        return sweep.RunOnceAsync(Host, Epoch, TestContext.Current.CancellationToken);
    }

    /// <summary>Has the broker killed the first time each verb is done: the host has acted, and nobody records it.</summary>
    public void KillOnceAfterEachVerb()
    {
        var killed = new HashSet<(string, MachineId)>();
        Host.After = (verb, machine) =>
        {
            if (killed.Add((verb, machine))) throw new KilledHere();
        };
    }

    /// <summary>The host and the records agree: each machine has one running domain on one overlay of the recorded generation.</summary>
    public async Task AssertNothingIsLeftOverAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        var recorded = new List<(MachineId, int)>();
        foreach (var machine in await MachinesAsync()) recorded.Add((machine, await GenerationAsync(machine)));
        var domains = await Host.ListAsync(ct);
        Assert.Equal(recorded.ToHashSet(), domains.Select(d => (d.Machine, d.Generation)).ToHashSet());
        Assert.Equal(recorded.ToHashSet(), (await Host.ListOverlaysAsync(ct)).ToHashSet());
        Assert.All(domains, d => Assert.Equal(PowerState.On, d.Power));
    }

    public ValueTask DisposeAsync() => _hosts.DisposeAsync();

    // The runner's token is cancelled in the moment of the kill, so that it records neither success nor failure.
    private async Task<bool> KilledDuringAsync(DueOperation due)
    {
        using var life = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var after = Host.After;
        Host.After = (verb, machine) =>
        {
            try { after(verb, machine); }
            catch (KilledHere)
            {
                life.Cancel();
                throw;
            }
        };
        try
        {
            await Runner(_broker, _broker.Database.DataSource, _hosts, TimeProvider.System).RunAsync(due, Epoch, life.Token);
            return false;
        }
        catch (KilledHere)
        {
            Kills++;
            return true;
        }
        finally
        {
            Host.After = after;
        }
    }

    /// <summary>What takes steps on these hosts, from the records of this database; the rest is the broker's own.</summary>
    public static TakeStep Runner(TestBroker broker, NpgsqlDataSource database, HypervisorDirectory hosts, TimeProvider time)
    {
        var (images, copyStates) = (new ImageStore(database), new CopyStore(database));
        var copies = new CopyImages(images, copyStates, broker.Services.GetRequiredService<ImageFolder>(), hosts, broker.Services.GetRequiredService<LeaseKeeper>(), time, NullLogger<CopyImages>.Instance);
        var (recovery, pools) = (new RecoveryStore(database), new PoolStore(database));
        var place = new PlaceElsewhere(recovery, pools, broker.Services.GetRequiredService<IOptions<ProvisioningOptions>>());
        return new(new OperationStore(database), hosts, images, copyStates, copies, place, new MoveMachine(new MoveStore(database), recovery, pools, hosts), broker.Services.GetRequiredService<Broker.Power.WakeComputer>(), recovery, new RunningStateStore(database), new JoinTokens(new AgentStore(database)), broker.Services.GetRequiredService<CertificateAuthority>(),
            broker.Services.GetRequiredService<IOptions<ProvisioningOptions>>(), NullLogger<TakeStep>.Instance);
    }

    private sealed class KilledHere() : Exception("The broker was killed here.");
}
