using Dapper;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>
/// Compares what hosts really have with the records, and repairs: a domain of ours without a record goes, a record
/// without a domain is made anew, a machine found off is started. Foreign domains are never looked at.
/// </summary>
internal sealed class DriftSweep(
    LeaseKeeper lease, HypervisorDirectory hosts, Database database, IOptions<ProvisioningOptions> options, TimeProvider time,
    ILogger<DriftSweep> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(options.Value.Sweep, time);
        do
        {
            if (lease.Epoch is not { } epoch) continue;
            await ReadHostsAsync(stoppingToken);
            foreach (var host in hosts.All)
            {
                try { await RunOnceAsync(host, epoch, stoppingToken); }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.HostUnreadable(host.Host, e.Message); }
            }
        }
        while (await tick.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ReadHostsAsync(CancellationToken ct)
    {
        try { await hosts.RefreshAsync(ct); }
        catch (NpgsqlException e) { log.HostsUnread(e.Message); }
    }

    internal async Task RunOnceAsync(IHypervisor host, long epoch, CancellationToken ct)
    {
        // Records first, domains second: a machine made in between shows as a domain with a record that is not read yet,
        // so an unknown domain is looked up once more before it is called an orphan.
        var recorded = await RecordedAsync(host.Host, ct);
        var found = await host.ListAsync(ct);
        foreach (var domain in found.Where(d => d.Generation > 0 && !recorded.ContainsKey(d.Machine)))   // generation 0 was adopted, not made by us
        {
            if ((await RecordedAsync(host.Host, ct)).ContainsKey(domain.Machine)) continue;
            log.OrphanRemoved(host.Host, domain.Name);
            await host.DeleteAsync(domain.Machine, epoch, ct);
        }
        var there = found.ToDictionary(d => d.Machine);
        foreach (var machine in recorded.Where(r => r.Value).Select(r => r.Key))
        {
            if (!there.TryGetValue(machine, out var domain))
            {
                if (await RepairAsync(machine, OperationKind.Refresh)) log.DomainMissing(machine);
            }
            else if (domain.Power == PowerState.Off && await RepairAsync(machine, OperationKind.Restart))
                log.FoundOff(machine);
        }
    }

    // Value: true when the machine should be running and nothing is being done to it.
    private async Task<Dictionary<MachineId, bool>> RecordedAsync(HostId host, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(Guid Id, bool Settled)>(new CommandDefinition("""
            select m.machine_id,
                   not m.manual and m.state in ('available', 'reserved', 'in_use', 'unreachable')
                   and not exists (select from operation o where o.machine_id = m.machine_id and o.state = 'running')
              from machine m
             where m.host_id = @host
            """, new { host = host.Value }, cancellationToken: ct));
        return rows.ToDictionary(r => new MachineId(r.Id), r => r.Settled);
    }

    // The hypervisor says that the machine stopped, so its session is over: this is one of the two who may say so.
    private async Task<bool> RepairAsync(MachineId machine, OperationKind kind)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with stopped as (
                update machine m
                   set state = 'provisioning', state_since = now(), power = 'off'
                 where m.machine_id = @machine and m.state in ('available', 'reserved', 'in_use', 'unreachable')
             returning m.machine_id, m.pool_id
            ), over as (
                update session s
                   set state = 'ended', state_since = now(), ended_at = now(), end_reason = 'machine_stopped'
                  from stopped
                 where s.machine_id = stopped.machine_id and s.state <> 'ended'
             returning s.session_id
            ), noted as (
                insert into audit_event (actor, action, object_kind, object_id, outcome)
                     select 'broker', 'machine.drift', 'machine', machine_id, 'machine_stopped' from stopped
            )
            insert into operation (operation_id, kind, machine_id, step, state)
                 select gen_random_uuid(),
                        case when (select kind from pool where pool_id = stopped.pool_id) = 'floating' and exists (select from over) then 'refresh' else @kind end,
                        machine_id, 'stop', 'running'
                   from stopped
            on conflict (machine_id) where state = 'running' do nothing
            """, new { machine = machine.Value, kind = SqlText.Of(kind) }) > 0;
    }
}
