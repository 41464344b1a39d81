using System.Collections.Concurrent;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>
/// Has a running state of each image version that an instant pool uses on each of its hosts: on the leader, one at a time on a
/// host. A machine is booted that joins nobody, and saved once its agent says that it is as ready as it can be.
/// </summary>
internal sealed class KeepRunningStates(
    RunningStateStore states, HypervisorDirectory hosts, LeaseKeeper lease, TimeProvider time, ILogger<KeepRunningStates> log) : BackgroundService
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(3), Look = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromMinutes(8);
    // The guest notices that it was saved by a clock that counts whole seconds.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<Guid, (MachineId State, Task Making)> _making = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(Often, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try { if (lease.Epoch is { } epoch) await PassAsync(epoch, stoppingToken); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.StatesNotKept(e.Message); }
        }
    }

    internal async Task PassAsync(long epoch, CancellationToken ct)
    {
        foreach (var done in _making.Where(m => m.Value.Making.IsCompleted).Select(m => m.Key).ToList()) _making.TryRemove(done, out _);
        foreach (var (host, state) in await states.UnneededAsync([.. _making.Values.Select(m => m.State.Value)], ct))
        {
            // A host that is away keeps its files until it is back, and holds up no other.
            try
            {
                await hosts.For(new(host)).DeleteAsync(new(state), epoch, ct);
                await states.RemoveAsync(state);
            }
            catch (HypervisorUnavailableException e) { log.StatesNotKept(e.Message); }
        }
        foreach (var wanted in await states.MissingAsync(ct))
        {
            if (_making.ContainsKey(wanted.HostId) || hosts.All.FirstOrDefault(h => h.Host.Value == wanted.HostId) is not { } host) continue;
            var state = new MachineId(Guid.CreateVersion7(time.GetUtcNow()));
            if (await states.BeginAsync(state, wanted)) _making[wanted.HostId] = (state, Task.Run(() => MakeAsync(host, state, wanted, epoch, ct), ct));
        }
    }

    /// <summary>Until what is being made is made.</summary>
    internal Task SettledAsync() => Task.WhenAll(_making.Values.Select(m => m.Making));

    /// <summary>Boots, waits and saves; what fails leaves nothing on the host and says why.</summary>
    private async Task MakeAsync(IHypervisor host, MachineId state, WantedState wanted, long epoch, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        try
        {
            var load = await host.LoadAsync(ct);
            if (load.FreeMemoryMib < wanted.MemoryMib) throw new StepFailedException(RefusalReason.NoHostCapacity, $"The host has {load.FreeMemoryMib} MiB of memory left; the machine needs {wanted.MemoryMib} MiB.");
            await host.CreateOverlayAsync(state, 1, new(wanted.ImageVersionId), ct);
            // Port 0: any; nobody connects to it.
            await host.DefineAsync(new(state, $"montalegre-state-{state.Value:N}", wanted.Cpus, wanted.MemoryMib, 1, new MachineNetwork.UserMode(0), [RunningStateMark.OemString], epoch), ct);
            await host.StartAsync(state, epoch, ct);
            while (!await host.ConsoleSaysAsync(state, RunningStateMark.ReadyLine, ct))
            {
                if (time.GetElapsedTime(began) > Longest) throw new StepFailedException(RefusalReason.AgentSilent, $"Its agent did not say that it can be saved within {Longest.TotalMinutes:0} minutes; the image may be of before instant machines.");
                await Task.Delay(Look, time, ct);
            }
            await host.KeepRunningStateAsync(state, epoch, ct);
            await Task.Delay(Rest, time, ct);
            await states.ReadyAsync(state);
            log.StateReady(host.Host, wanted.ImageVersionId, time.GetElapsedTime(began).TotalSeconds);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.StateFailed(host.Host, wanted.ImageVersionId, e.Message);
            await states.FailAsync(state, e.Message);
            await host.DeleteAsync(state, epoch, ct);
        }
    }
}
