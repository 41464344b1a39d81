using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Provisioning;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Tests.Simulation;

/// <summary>The broker's real provisioning, launching and session code, turned by hand in simulated time; it can be killed between any two acts.</summary>
internal sealed class SimulatedBroker : IAsyncDisposable
{
    private const int MostSteps = 2000;
    private readonly SimulatedDatabase _database;
    private readonly IOptions<ProvisioningOptions> _options;
    private readonly OperationStore _operations;
    private readonly ReconcilePool _reconcile;
    private readonly EndSession _end;
    private readonly TakeStep _runner;
    private readonly DriftSweep _sweep;
    private readonly RecoverHosts _recover;

    public SimulatedBroker(SimulatedDatabase database, TestBroker services, Func<HypervisorHost, IHypervisor> connect)
    {
        _database = database;
        var (source, time) = (database.DataSource, database.Time);
        _options = services.Services.GetRequiredService<IOptions<ProvisioningOptions>>();
        var lease = services.Services.GetRequiredService<LeaseKeeper>();
        Hosts = new(source, connect);
        (_operations, Pools, Sessions, Agents, Launches) = (new(source), new(source), new(source), new(source), new(source));
        _reconcile = new(Pools, new PowerStore(source), _options, time, NullLogger<ReconcilePool>.Instance);
        _end = new(Sessions, time, NullLogger<EndSession>.Instance);
        _runner = FakeHostPool.Runner(services, source, Hosts, time);
        _sweep = new(lease, Hosts, source, Readings, _operations, new(source), Sessions, _end, _options, time, NullLogger<DriftSweep>.Instance);
        _recover = new(new(source), _end, NullLogger<RecoverHosts>.Instance);
    }

    public HypervisorDirectory Hosts { get; }

    public PoolStore Pools { get; }

    public SessionStore Sessions { get; }

    public AgentStore Agents { get; }

    public LaunchStore Launches { get; }

    /// <summary>The leader's epoch; a kill makes a new leader with the next one.</summary>
    public long Epoch { get; private set; } = 1;

    private HostReadings Readings => new(_database.DataSource);

    /// <summary>Compares every pool, and takes steps until nothing is due. <paramref name="killed"/> is asked before and after each act on a host.</summary>
    public async Task PassAsync(Func<bool> killed, CancellationToken ct)
    {
        var power = new PowerStore(_database.DataSource);
        var schedules = await power.SchedulesAsync(ct);
        await power.CloseAsync(schedules, ct);
        await _recover.RunAsync(ct);
        await new MoveStore(_database.DataSource).PlanAsync(ct);
        foreach (var pool in await Pools.WantedAsync(schedules, ct)) await _reconcile.RunAsync(pool, ct);
        await Pools.RemoveEmptyPoolsAsync(ct);
        await _operations.RetryFaultedAsync(TimeSpan.FromMinutes(5), ct);
        var steps = 0;
        for (; steps < MostSteps && await _operations.ClaimAsync(_options.Value.ParallelPerHost) is { } due; steps++)
            if (await TakeAsync(due, killed, ct)) await NewLeaderAsync();
        Assert.True(steps < MostSteps, $"Steps do not come to an end after {MostSteps}.");
    }

    /// <summary>What a pool still lacks by its settings, or by its schedule at this hour.</summary>
    public async Task<PoolChange> LacksAsync(WantedPool pool, CancellationToken ct)
    {
        var (target, members) = await _reconcile.TargetAsync(pool, new(pool.PoolId), await Pools.MembersAsync(new(pool.PoolId), ct), ct);
        return ReconcilePool.Compare(pool, target, members);
    }

    /// <summary>Reads a host, as the sweep does.</summary>
    public async Task SweepAsync(FakeHypervisor host, CancellationToken ct)
    {
        try
        {
            await Readings.KeepAsync(host.Host, await host.LoadAsync(ct), _options.Value.Pace);
            await _sweep.RunOnceAsync(host, Epoch, ct);
            await _operations.WakeHostAsync(host.Host, ct);
        }
        catch (HypervisorUnavailableException) { await Readings.KeepSilentAsync(host.Host); }
        catch (LibvirtException) { }   // logged, and the next sweep begins anew
    }

    /// <summary>Gives back what nobody came to.</summary>
    public async Task EndOverdueAsync(CancellationToken ct)
    {
        foreach (var session in await Sessions.NeverLoggedOnAsync(100, ct))
            await _end.RunAsync(new(new(session.SessionId), SessionEnd.NeverLoggedOn, "broker") { OnlyPending = true, NewestTicketOlderThan = session.Patience });
    }

    public Task LogOffAsync(SessionId session, MachineId machine) => _end.RunAsync(new(session, SessionEnd.LoggedOff, "agent") { OnlyOn = machine });

    public ValueTask DisposeAsync() => Hosts.DisposeAsync();

    // The runner's token is cancelled in the moment of the kill, so that it records neither success nor failure.
    private async Task<bool> TakeAsync(DueOperation due, Func<bool> killed, CancellationToken ct)
    {
        using var life = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var hosts = Hosts.All.Cast<FakeHypervisor>().ToList();
        var (before, after) = (hosts.Select(h => h.Before).ToList(), hosts.Select(h => h.After).ToList());
        for (var i = 0; i < hosts.Count; i++)
        {
            var (first, last) = (before[i], after[i]);
            hosts[i].Before = (verb, machine) => { MaybeDie(); first(verb, machine); };
            hosts[i].After = (verb, machine) => { last(verb, machine); MaybeDie(); };
        }
        try
        {
            await _runner.RunAsync(due, Epoch, life.Token);
            return false;
        }
        catch (KilledHere) { return true; }
        finally
        {
            for (var i = 0; i < hosts.Count; i++) (hosts[i].Before, hosts[i].After) = (before[i], after[i]);
        }

        void MaybeDie()
        {
            if (!killed()) return;
            life.Cancel();
            throw new KilledHere();
        }
    }

    private async Task NewLeaderAsync()
    {
        Epoch++;
        await _operations.TakeOverAsync();
    }

    private sealed class KilledHere() : Exception("The broker was killed here.");
}
