using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>How many alerts one pass opened and resolved.</summary>
internal sealed record AlertsApplied(int Opened, int Resolved);

/// <summary>
/// Makes the alerts say what the breaches say: one statement opens, keeps, resolves, and notes for every channel that it is to tell.
/// Whoever does not lead any more changes nothing, so a leader that was frozen resolves nothing when it thaws.
/// </summary>
internal sealed class ApplyAlerts(Database database)
{
    /// <param name="breaches">One for a rule and object.</param>
    /// <param name="looked">Rules that were looked at: alerts of others stay as they are.</param>
    /// <param name="epoch">Of the leadership.</param>
    public async Task<AlertsApplied> RunAsync(IReadOnlyList<AlertBreach> breaches, IReadOnlyCollection<AlertRule> looked, long epoch)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<AlertsApplied>(new CommandDefinition(
            """
              with leader as (
                   select from lease where role = @role and epoch = @epoch and expires_at > clock_timestamp()),
                   said as (
                   select * from unnest(@rules, @kinds, @keys, @names, @pools::uuid[], @values, @thresholds::double precision[], @seconds, @severities, @details)
                              as t (rule, object_kind, object_key, object_name, pool_id, value, threshold, for_seconds, severity, detail)
                    where exists (select from leader)),
                   kept as (
                   insert into alert as a (alert_id, rule, object_kind, object_key, object_name, pool_id, state, severity, value, threshold, for_seconds, detail, opened_at)
                   select gen_random_uuid(), rule, object_kind, object_key, object_name, pool_id, case when for_seconds = 0 then 'open' else 'pending' end,
                          severity, value, threshold, for_seconds, detail, case when for_seconds = 0 then now() end
                     from said
                       on conflict (rule, object_key) where resolved_at is null
                       do update set object_name = excluded.object_name, pool_id = excluded.pool_id, severity = excluded.severity, value = excluded.value,
                                     threshold = excluded.threshold, for_seconds = excluded.for_seconds, detail = excluded.detail, looked_at = now(),
                                     state     = case when a.state = 'pending' and now() >= a.began_at + make_interval(secs => excluded.for_seconds) then 'open' else a.state end,
                                     opened_at = case when a.state = 'pending' and now() >= a.began_at + make_interval(secs => excluded.for_seconds) then now() else a.opened_at end
                    where a.state = 'pending' and now() >= a.began_at + make_interval(secs => excluded.for_seconds)
                       or (a.object_name, a.severity, a.detail) is distinct from (excluded.object_name, excluded.severity, excluded.detail)
                       or a.looked_at < now() - interval '1 minute'   -- a value that grows by the second is no reason to write every row in every pass
                returning alert_id, severity, state = 'open' and opened_at = now() as just_opened),
                   over as (
                   update alert a
                      set state = 'resolved', resolved_at = now()
                    where a.resolved_at is null
                      and a.state = 'open'
                      and a.rule = any(@looked)
                      and exists (select from leader)
                      and not exists (select from said s where s.rule = a.rule and s.object_key = a.object_key)
                returning alert_id),
                   forgotten as (
                   delete from alert a
                    where a.state = 'pending'
                      and a.rule = any(@looked)
                      and exists (select from leader)
                      and not exists (select from said s where s.rule = a.rule and s.object_key = a.object_key)),
                   noted as (
                   insert into alert_notice (alert_id, alert_channel_id, what)
                   select k.alert_id, c.alert_channel_id, 'opened'
                     from kept k
                     join alert_channel c on c.enabled and array_position(@order, c.least_severity) <= array_position(@order, k.severity)
                    where k.just_opened
                    union all
                   select o.alert_id, n.alert_channel_id, 'resolved'
                     from over o
                     join alert_notice n on n.alert_id = o.alert_id and n.what = 'opened')
            select (select count(*)::integer from kept where just_opened) as opened, (select count(*)::integer from over) as resolved
            """,
            new
            {
                role = LeaseKeeper.Role, epoch, looked = looked.Select(SqlText.Of).ToArray(), order = Enum.GetValues<AlertSeverity>().Select(SqlText.Of).ToArray(),
                rules = breaches.Select(b => SqlText.Of(b.Reading.Rule)).ToArray(), kinds = breaches.Select(b => b.Reading.ObjectKind).ToArray(), keys = breaches.Select(b => b.Reading.Key).ToArray(),
                names = breaches.Select(b => b.Reading.Name).ToArray(), pools = breaches.Select(b => b.Reading.Pool?.Value).ToArray(), values = breaches.Select(b => b.Reading.Value).ToArray(),
                thresholds = breaches.Select(b => b.Setting.Threshold).ToArray(), seconds = breaches.Select(b => (int)b.Setting.For.TotalSeconds).ToArray(),
                severities = breaches.Select(b => SqlText.Of(b.Setting.Severity)).ToArray(), details = breaches.Select(b => b.Reading.Detail).ToArray(),
            }, commandTimeout: 30));
    }

    /// <summary>
    /// Notes for every channel that was told of an alert that it is to tell of it again, as often as its rule says: while it is open and nobody has
    /// said that he looks after it. What is silenced waits until the silence is over. How many alerts.
    /// </summary>
    public async Task<int> RemindAsync(IReadOnlyList<AlertBreach> breaches, long epoch)
    {
        var told = breaches.Where(b => b.Setting.RemindEvery > TimeSpan.Zero).ToList();
        if (told.Count == 0) return 0;
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<int>(new CommandDefinition(
            """
              with said as (
                   select * from unnest(@rules, @keys, @every::interval[]) as t (rule, object_key, every)
                    where exists (select from lease where role = @role and epoch = @epoch and expires_at > clock_timestamp())),
                   due as (
                   update alert a
                      set reminded_at = now()
                     from said s
                    where (a.rule, a.object_key) = (s.rule, s.object_key)
                      and a.state = 'open'
                      and a.acknowledged_at is null
                      and coalesce(a.reminded_at, a.opened_at) <= now() - s.every
                      and alert_silenced_until(a.rule, a.object_key) is null
                returning a.alert_id),
                   noted as (
                   insert into alert_notice (alert_id, alert_channel_id, what)
                   select d.alert_id, n.alert_channel_id, 'reminded'
                     from due d
                     join alert_notice n on n.alert_id = d.alert_id and n.what = 'opened'
                       on conflict (alert_id, alert_channel_id, what)
                       do update set noted_at = now(), alert_delivery_id = null)
            select count(*)::integer from due
            """,
            new
            {
                role = LeaseKeeper.Role, epoch, rules = told.Select(b => SqlText.Of(b.Reading.Rule)).ToArray(), keys = told.Select(b => b.Reading.Key).ToArray(), every = told.Select(b => b.Setting.RemindEvery).ToArray(),
            }, commandTimeout: 30));
    }

    /// <summary>Forgets what was resolved long ago, messages that were sent then, and nodes that are gone for good.</summary>
    public async Task ForgetAsync(TimeSpan olderThan)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from alert where resolved_at < now() - @olderThan;
            delete from alert_delivery where ended_at < now() - @olderThan;
            delete from alert_silence where until_at < now();
            delete from console_certificate where seen_at < now() - interval '7 days';
            delete from broker_node where seen_at < now() - interval '7 days';   -- it was taken away without being stopped in order
            """, new { olderThan }, commandTimeout: 30));
    }
}
