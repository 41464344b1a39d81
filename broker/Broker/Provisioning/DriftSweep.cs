using System.Collections.Concurrent;
using Dapper;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>
/// Compares what hosts really have with the records, and repairs: a domain of ours without a record goes, a record
/// without a domain is made anew, a machine found off is started. Foreign domains are never looked at. What hosts tell
/// of by themselves is repaired at once; the sweep finds what they did not tell.
/// </summary>
internal sealed class DriftSweep(
    LeaseKeeper lease, HypervisorDirectory hosts, Database database, HostReadings readings, OperationStore operations, RecoveryStore recovery, SessionStore sessions, EndSession endSession, IOptions<ProvisioningOptions> options, TimeProvider time,
    ILogger<DriftSweep> log) : BackgroundService
{
    private readonly ConcurrentDictionary<HostId, bool> _away = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(options.Value.Sweep, time);
        // Each host is watched by a task of its own: one that hangs is left to itself, and the others are read on time.
        var watch = new HostWatch(options.Value.Sweep, time);
        var watching = new Dictionary<HostId, Task>();
        do
        {
            await ReadHostsAsync(stoppingToken);
            foreach (var gone in watching.Where(w => w.Value.IsCompleted).Select(w => w.Key).ToList()) watching.Remove(gone);
            foreach (var host in hosts.All)
                if (!watching.ContainsKey(host.Host)) watching[host.Host] = watch.RunAsync(host, ct => ReadHostAsync(host, ct), stoppingToken);
        }
        while (await tick.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ReadHostAsync(IHypervisor host, CancellationToken ct)
    {
        if (lease.Epoch is not { } epoch) return;
        try
        {
            await readings.KeepAsync(host.Host, await host.LoadAsync(ct), options.Value.Pace);
            await CompareAsync(host, epoch, ct);
            if (_away.TryRemove(host.Host, out _)) await operations.WakeHostAsync(host.Host, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            if (e is HypervisorUnavailableException)
            {
                _away[host.Host] = true;
                await readings.KeepSilentAsync(host.Host);
            }
            log.HostUnreadable(host.Host, e.Message);
        }
        catch (OperationCanceledException) { }
    }

    // A host that goes dark in the middle is noticed by the question for its load, not by what waits for it.
    private async Task CompareAsync(IHypervisor host, long epoch, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var comparing = RunOnceAsync(host, epoch, over.Token);
        try
        {
            while (await Task.WhenAny(comparing, Task.Delay(options.Value.Sweep, time, over.Token)) != comparing) await host.LoadAsync(over.Token);
        }
        catch
        {
            await over.CancelAsync();
            await comparing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        await over.CancelAsync();   // the pause that is left
        await comparing;
    }

    private async Task ReadHostsAsync(CancellationToken ct)
    {
        try { await hosts.RefreshAsync(ct); }
        catch (Exception e) when (!ct.IsCancellationRequested) { log.HostsUnread(e.Message); }
    }

    internal async Task RunOnceAsync(IHypervisor host, long epoch, CancellationToken ct)
    {
        await RemoveStraysAsync(host, epoch, ct);
        // Records first, domains second: a machine made in between shows as a domain with a record that is not read yet,
        // so an unknown domain is looked up once more before it is called an orphan.
        var recorded = await RecordedAsync(host.Host, ct);
        var found = await host.ListAsync(ct);
        foreach (var domain in found.Where(d => d.Generation > 0 && !recorded.ContainsKey(d.Machine)))   // generation 0 was adopted, not made by us
        {
            if (await IsRecordedAsync(domain.Machine, ct)) continue;   // now, or under another name of the same host
            log.OrphanRemoved(host.Host, domain.Name);
            await host.DeleteAsync(domain.Machine, epoch, ct);
        }
        var there = found.ToDictionary(d => d.Machine);
        foreach (var machine in recorded.Where(r => r.Value == Expected.Starting).Select(r => r.Key))
            if (!there.TryGetValue(machine, out var booting) || booting.Power == PowerState.Off) await operations.StoppedWhileStartingAsync(machine);
        foreach (var machine in recorded.Where(r => r.Value == Expected.ShuttingDown).Select(r => r.Key))
            if (!there.TryGetValue(machine, out var leaving) || leaving.Power == PowerState.Off) await operations.ShutDownAsync(machine);
        foreach (var machine in recorded.Where(r => r.Value == Expected.Asleep && !there.ContainsKey(r.Key)).Select(r => r.Key))
            if (await RepairAsync(host.Host, machine, OperationKind.Refresh)) log.DomainMissing(machine);
        foreach (var machine in recorded.Where(r => r.Value == Expected.Running).Select(r => r.Key))
        {
            if (!there.TryGetValue(machine, out var domain))
            {
                if (await RepairAsync(host.Host, machine, OperationKind.Refresh)) log.DomainMissing(machine);
            }
            else if (domain.PausedByMove)
            {
                if (await operations.FinishMoveAsync(machine, host.Host)) log.FoundHalfMoved(machine);
            }
            else if (domain.Power == PowerState.Off && await RepairAsync(host.Host, machine, OperationKind.Restart))
                log.FoundOff(machine);
        }
    }

    // INVARIANT: before anything else is done on a host that is back, it loses the domains of machines that are elsewhere now.
    private async Task RemoveStraysAsync(IHypervisor host, long epoch, CancellationToken ct)
    {
        foreach (var stray in await recovery.StraysAsync(host.Host, ct))
        {
            if (stray.WithFiles) await host.DeleteAsync(stray.Machine, epoch, ct);
            else await host.EvictAsync(stray.Machine, epoch, ct);
            await recovery.SweptAsync(host.Host, stray.Machine);
            log.StrayRemoved(stray.Machine, host.Host);
        }
        await recovery.ReturnedAsync(host.Host);
    }

    private async Task<bool> IsRecordedAsync(MachineId machine, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition("select exists (select from machine where machine_id = @machine) or exists (select from running_state where running_state_id = @machine and state = 'preparing')", new { machine = machine.Value }, cancellationToken: ct));
    }

    // Starting: it was switched on and its agent is awaited. Running: nothing is being done to it.
    private enum Expected { Whatever, Starting, Running, ShuttingDown, Asleep }

    private async Task<Dictionary<MachineId, Expected>> RecordedAsync(HostId host, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(Guid Id, string Expected)>(new CommandDefinition("""
            select m.machine_id,
                   case when m.manual then 'whatever'
                        when o.operation_id is null and m.state in ('available', 'reserved', 'in_use', 'unreachable') then 'running'
                        when o.operation_id is null and m.state = 'asleep' then 'asleep'
                        when o.step = 'await_agent' then 'starting'
                        when o.kind = 'sleep' and o.step = 'stop' then 'shutting_down'
                        else 'whatever' end
              from machine m left join operation o on o.machine_id = m.machine_id and o.state = 'running'
             where m.host_id = @host
            """, new { host = host.Value }, cancellationToken: ct));
        return rows.ToDictionary(r => new MachineId(r.Id), r => SqlText.Parse<Expected>(r.Expected));
    }

    // The hypervisor says that the machine stopped, so its session is over: this is one of the two who may say so.
    // The machine is taken out first, so that nobody gets it in between; ending a session turns a restart into a refresh.
    private async Task<bool> RepairAsync(HostId host, MachineId machine, OperationKind kind)
    {
        if (!await TakeOutAsync(host, machine, kind)) return false;
        foreach (var session in await sessions.OpenOnAsync(machine, CancellationToken.None))
            await endSession.RunAsync(new(session.Session, SessionEnd.MachineStopped, "broker") { OnlyOn = machine });
        return true;
    }

    private async Task<bool> TakeOutAsync(HostId host, MachineId machine, OperationKind kind)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with stopped as (
                update machine m
                   set state = 'provisioning', state_since = now(), power = 'off'
                 where m.machine_id = @machine and m.host_id = @host and m.state in ('available', 'reserved', 'in_use', 'unreachable', 'asleep')
             returning m.machine_id, m.assigned_user_id
            ), noted as (
                insert into audit_event (actor, action, object_kind, object_id, outcome)
                     select 'broker', 'machine.drift', 'machine', machine_id, 'machine_stopped' from stopped
            )
            insert into operation (operation_id, kind, machine_id, step, state, cause)
                 select gen_random_uuid(), case when assigned_user_id is null then @kind else 'restart' end, machine_id, 'stop', 'running', 'drift' from stopped   -- a person's own disk is kept
            on conflict (machine_id) where state = 'running' do nothing
            """, new { host = host.Value, machine = machine.Value, kind = SqlText.Of(kind) }) > 0;
    }
}
