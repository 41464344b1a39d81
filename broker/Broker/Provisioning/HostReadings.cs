using Dapper;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>SQL of what hosts last said of themselves. A host that was removed meanwhile leaves nothing behind.</summary>
internal sealed class HostReadings(Database database)
{
    /// <summary>Keeps what the host said, and works out anew how many machines it should start at once.</summary>
    public async Task KeepAsync(HostId host, HostLoad load, PaceBounds bounds)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            insert into host_reading (host_id, reached, cpus, memory_mib, free_memory_mib, cpu_pressure, storage_used_percent)
                 select host_id, true, @Cpus, @MemoryMib, @FreeMemoryMib, @CpuPressure, @StorageUsedPercent from host where host_id = @host
            on conflict (host_id) do update
                    set reached = true, cpus = excluded.cpus, memory_mib = excluded.memory_mib, free_memory_mib = excluded.free_memory_mib,
                        cpu_pressure = excluded.cpu_pressure, storage_used_percent = coalesce(excluded.storage_used_percent, host_reading.storage_used_percent), read_at = now(), silent_since = null
            """, new { host = host.Value, load.Cpus, load.MemoryMib, load.FreeMemoryMib, load.CpuPressure, load.StorageUsedPercent });
        var starts = await connection.QueryAsync<(DateTime From, DateTime To, bool Reported)>("""
            select powered_on_at, ended_at, reported
              from machine_start
             where host_id = @host and ended_at > now() - interval '7 days'
             order by ended_at desc
             limit @most
            """, new { host = host.Value, most = StartPace.MostLookedAt });
        var pace = StartPace.AtOnce([.. starts.Select(s => new MeasuredStart(s.From, s.To, s.Reported))], bounds, load.CpuPressure);
        await connection.ExecuteAsync("""
            with forgotten as (delete from machine_start where host_id = @host and ended_at < now() - interval '14 days')
            update host_reading set starts_at_once = @pace where host_id = @host and starts_at_once is distinct from @pace
            """, new { host = host.Value, pace });
    }

    /// <summary>The host does not answer; what it said before stays for whoever looks.</summary>
    public async Task KeepSilentAsync(HostId host)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update host_reading set reached = false, silent_since = coalesce(silent_since, now()) where host_id = @host and (reached or silent_since is null)", new { host = host.Value });
    }
}
