using Dapper;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Reports;

/// <summary>SQL of the energy estimate.</summary>
internal sealed class EnergyStore(Database database, IOptions<EnergyOptions> options)
{
    private const int KeptDays = 400;

    // A broker that was down does not know what was on meanwhile: no more than this is counted at once.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <summary>Counts the time since it was counted last, by what is on now; of several brokers one does. How many hosts it counted.</summary>
    public async Task<int> CountAsync()
    {
        var model = options.Value;
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with before as (
                   select counted_at
                     from energy_clock
                    where counted_at < now() - @atLeast
                      for update),
                   span as (
                   update energy_clock
                      set counted_at = now()
                     from before b
                returning extract(epoch from least(now() - b.counted_at, @Longest)) / 3600 as hours),
                   machines as (
                   select m.host_id,
                          sum(p.cpus * case when m.state = 'asleep' or m.power <> 'on' then 0 when m.state = 'in_use' then @UsedShare else @IdleShare end) as busy,
                          sum(case when m.state = 'asleep' then p.cpus * @IdleShare else 0 end) as asleep
                     from machine m
                     join pool p using (pool_id)
                    where m.host_id is not null
                      and not m.manual
                    group by m.host_id),
                   share as (
                   select r.host_id, least(1, coalesce(busy, 0) / greatest(r.cpus, 1)) as busy, least(1, coalesce(busy + asleep, 0) / greatest(r.cpus, 1)) as awake
                     from host_reading r
                     left join machines using (host_id)
                    where r.reached),
                   computers as (   -- one that was silent for a week is not asleep but gone
                   select m.pool_id, count(*) filter (where m.state <> 'unreachable') as awake, count(*) filter (where m.state = 'unreachable') as asleep
                     from machine m
                     left join machine_agent g using (machine_id)
                    where m.manual
                      and exists (select from wake_address w where w.machine_id = m.machine_id)
                      and (m.state in ('available', 'reserved', 'in_use') or m.state = 'unreachable' and g.seen_at > now() - interval '7 days')
                    group by m.pool_id),
                   counted as (
                   insert into computer_energy_hour as e (hour, pool_id, used_wh, saved_wh)
                   select date_trunc('hour', now()), pool_id, (awake * @ComputerOnWatts + asleep * @ComputerAsleepWatts) * hours, asleep * (@ComputerOnWatts - @ComputerAsleepWatts) * hours
                     from computers, span
                       on conflict (hour, pool_id) do update set used_wh = e.used_wh + excluded.used_wh, saved_wh = e.saved_wh + excluded.saved_wh)
            insert into energy_hour as e (hour, host_id, used_wh, saved_wh)
            select date_trunc('hour', now()), host_id, (@HostIdleWatts + (@HostFullWatts - @HostIdleWatts) * busy) * hours, (@HostFullWatts - @HostIdleWatts) * (awake - busy) * hours
              from share, span
                on conflict (hour, host_id) do update set used_wh = e.used_wh + excluded.used_wh, saved_wh = e.saved_wh + excluded.saved_wh
            """, new { Longest, atLeast = model.CountEvery / 2, model.UsedShare, model.IdleShare, model.HostIdleWatts, model.HostFullWatts, model.ComputerOnWatts, model.ComputerAsleepWatts });
    }

    /// <summary>Sums of whole hours since then, in watt-hours: of the hosts, and of the computers that packets wake.</summary>
    public async Task<(double Used, double Saved, double ComputersUsed, double ComputersSaved)> SumAsync(DateTimeOffset from, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<(double, double, double, double)>(new CommandDefinition(
            """
            select coalesce(h.used, 0), coalesce(h.saved, 0), coalesce(c.used, 0), coalesce(c.saved, 0)
              from (select sum(used_wh) as used, sum(saved_wh) as saved from energy_hour where hour >= @from) h
             cross join (select sum(used_wh) as used, sum(saved_wh) as saved from computer_energy_hour where hour >= @from) c
            """, new { from }, cancellationToken: ct));
    }

    public async Task ForgetAsync()
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            delete from energy_hour where hour < now() - make_interval(days => @KeptDays);
            delete from computer_energy_hour where hour < now() - make_interval(days => @KeptDays)
            """, new { KeptDays });
    }
}
