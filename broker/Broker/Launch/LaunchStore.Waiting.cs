using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Launch;

// What somebody is told who waits.
internal sealed partial class LaunchStore
{
    private const int UsualStartsAtOnce = 4;   // of a host that was not measured yet; an estimate needs no more than that

    /// <summary>Takes or keeps a place in the queue and says why there is nothing free.</summary>
    public Task<WaitFacts> WaitAsync(RequestId request, UserId user, PoolId pool) => database.RepeatableAsync(async (connection, _) =>
        (await connection.QuerySingleAsync<WaitRow>("""
            with mine as (
                insert into launch_request (request_id, user_id, pool_id)
                     values (@request, @user, @pool)
                on conflict (user_id, pool_id) do update
                        set seen_at = now(), request_id = excluded.request_id,
                            created_at = case when launch_request.seen_at > now() - interval '15 seconds' then launch_request.created_at else now() end
                      where launch_request.seen_at > '-infinity' or launch_request.request_id <> excluded.request_id
                  returning created_at
            ), own_wake as (
                select extract(epoch from now() - coalesce(o.started_at, now()))::float8 as seconds
                  from machine m left join operation o on o.machine_id = m.machine_id and o.state = 'running' and o.step = 'magic_packet'
                 where m.pool_id = @pool and m.manual and m.state = 'unreachable' and exists (select from wake_address w where w.machine_id = m.machine_id)
                   and (m.assigned_user_id = @user or exists (select from session s where s.machine_id = m.machine_id and s.user_id = @user and s.state <> 'ended'))
                 limit 1
            ), starting as (
                select o.kind, o.started_at, o.reason, o.step
                  from operation o join machine m using (machine_id)
                 where m.pool_id = @pool and o.state = 'running' and o.kind not in ('delete', 'sleep')
            )
            select not exists (select from mine)                                                         as left_queue,
                   (select case when p.most_sessions is not null
                                then p.most_sessions <= (select count(*) from session s where s.pool_id = @pool and s.state <> 'ended') else false end
                      from pool p where p.pool_id = @pool)                                               as quota_reached,
                   1 + (select count(*)::int from launch_request r
                         where r.pool_id = @pool and r.user_id <> @user and r.seen_at > now() - interval '15 seconds'
                           and r.created_at < (select created_at from mine))                             as place,
                   (select count(*)::int from machine where pool_id = @pool and state = 'provisioning')
                   - (select count(*)::int from starting where kind in ('refresh', 'restart'))           as being_provisioned,
                   (select seconds from own_wake)                                                        as own_wake_seconds,
                   (select count(*)::int from starting where step = 'magic_packet')                      as being_woken,
                   exists (select from machine m join operation o using (machine_id)
                            where m.pool_id = @pool and m.manual and m.state = 'unreachable' and m.assigned_user_id is null
                              and o.kind = 'wake' and o.state = 'failed' and o.ended_at > now() - interval '30 minutes') as some_did_not_wake,
                   (select count(*)::int from starting where kind in ('refresh', 'restart'))             as being_refreshed,
                   (select count(*)::int from machine where pool_id = @pool and state in ('reserved', 'in_use')) as occupied,
                   (select count(*)::int from machine where pool_id = @pool and state <> 'deleting')     as machines,
                   (select size from pool where pool_id = @pool)                                         as size,
                   coalesce((select sessions_per_machine from pool where pool_id = @pool), 1)            as seats,
                   (select percentile_cont(0.5) within group (order by extract(epoch from d.ended_at - d.asked_at))
                      from (select s.asked_at, s.ended_at
                              from machine_start s
                             where s.pool_id = @pool and s.reported
                             order by s.ended_at desc limit 50) d)                                       as typical_seconds,
                   array(select extract(epoch from now() - started_at)::float8 from starting order by started_at) as start_ages,
                   (select sum(coalesce(r.starts_at_once, @startsAtOnce))::int
                      from pool_host ph left join host_reading r using (host_id) where ph.pool_id = @pool) as starts_at_once,
                   (select extract(epoch from creation_held_until - now())::float8
                      from pool where pool_id = @pool and creation_held_until > now())                   as held_seconds,
                   coalesce((select reason from starting where reason is not null limit 1),
                            (select o.reason
                               from operation o join machine m using (machine_id)
                              where m.pool_id = @pool and m.state = 'faulted' and o.state = 'failed'
                                and not exists (select from starting)
                              order by o.ended_at desc limit 1),
                            (select placement_reason from pool where pool_id = @pool))                   as trouble
            """, new { request = request.Value, user = user.Value, pool = pool.Value, startsAtOnce = UsualStartsAtOnce })).ToFacts());

    private sealed record WaitRow
    {
        public bool LeftQueue { get; init; }
        public bool? QuotaReached { get; init; }
        public int Place { get; init; }
        public int BeingProvisioned { get; init; }
        public int BeingRefreshed { get; init; }
        public double? OwnWakeSeconds { get; init; }
        public int BeingWoken { get; init; }
        public bool SomeDidNotWake { get; init; }
        public int Occupied { get; init; }
        public int Machines { get; init; }
        public int? Size { get; init; }
        public int Seats { get; init; }
        public double? TypicalSeconds { get; init; }
        public double[] StartAges { get; init; } = [];
        public int? StartsAtOnce { get; init; }
        public double? HeldSeconds { get; init; }
        public string? Trouble { get; init; }

        public WaitFacts ToFacts() => new()
        {
            LeftQueue = LeftQueue,
            QuotaReached = QuotaReached ?? false,
            Place = Place,
            BeingProvisioned = BeingProvisioned,
            BeingRefreshed = BeingRefreshed,
            OwnWake = OwnWakeSeconds is { } age ? TimeSpan.FromSeconds(age) : null,
            BeingWoken = BeingWoken,
            SomeDidNotWake = SomeDidNotWake,
            Occupied = Occupied,
            Machines = Machines,
            Size = Size ?? 0,
            Seats = Seats,
            TypicalStart = TypicalSeconds is { } typical ? TimeSpan.FromSeconds(typical) : null,
            StartAges = [.. StartAges.Select(TimeSpan.FromSeconds)],
            StartsAtOnce = StartsAtOnce ?? UsualStartsAtOnce,
            HeldFor = HeldSeconds is { } held ? TimeSpan.FromSeconds(held) : null,
            Trouble = Enum.TryParse<RefusalReason>(Trouble, out var trouble) ? trouble : null,
        };
    }
}
