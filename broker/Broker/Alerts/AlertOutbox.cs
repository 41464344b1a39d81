using Dapper;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>A message that is due, taken for one try. It is due again by itself if nobody says what came of it.</summary>
internal sealed record DueDelivery(Guid AlertDeliveryId, Guid AlertChannelId, int Attempts);

/// <summary>SQL of messages: what channels are to tell becomes messages, and each is tried until the channel has taken it.</summary>
internal sealed class AlertOutbox(Database database)
{
    /// <summary>
    /// Makes one message a channel of everything that it is to tell. What was over before a silence of it ended is told to nobody who was not told
    /// before; what is silenced waits.
    /// </summary>
    /// <param name="quiet">Nothing new for so long,</param>
    /// <param name="longest">or the oldest waits for so long.</param>
    public async Task GatherAsync(TimeSpan quiet, TimeSpan longest)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // One at a time: two leaders in the moment of a change would make a message twice.
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('alert_outbox'))", transaction: transaction);
        await connection.ExecuteAsync(
            """
            delete from alert_notice n
             using alert a
             where a.alert_id = n.alert_id
               and n.alert_delivery_id is null
               and a.resolved_at is not null
               and alert_silenced_until(a.rule, a.object_key) is not null
               and not exists (select from alert_notice t where t.alert_id = n.alert_id and t.alert_channel_id = n.alert_channel_id and t.alert_delivery_id is not null)
            """, transaction: transaction);
        await connection.ExecuteAsync(
            """
              with told as (
                   select n.alert_id, n.alert_channel_id, n.what, n.noted_at
                     from alert_notice n
                     join alert a using (alert_id)
                     join alert_channel c using (alert_channel_id)
                    where n.alert_delivery_id is null
                      and c.enabled
                      and alert_silenced_until(a.rule, a.object_key) is null),
                   made as (
                   insert into alert_delivery (alert_delivery_id, alert_channel_id, state)
                   select gen_random_uuid(), alert_channel_id, 'waiting'
                     from told
                    group by alert_channel_id
                   having max(noted_at) <= now() - @quiet
                       or min(noted_at) <= now() - @longest
                returning alert_delivery_id, alert_channel_id)
            update alert_notice n
               set alert_delivery_id = m.alert_delivery_id
              from told t
              join made m using (alert_channel_id)
             where (n.alert_id, n.alert_channel_id, n.what) = (t.alert_id, t.alert_channel_id, t.what)
            """, new { quiet, longest }, transaction);
        await transaction.CommitAsync();
    }

    /// <summary>Some that are due. Whoever takes them has that long before another may.</summary>
    public async Task<IReadOnlyList<DueDelivery>> TakeAsync(int most, TimeSpan hold)
    {
        await using var connection = await database.OpenConnectionAsync();
        return (await connection.QueryAsync<DueDelivery>(
            """
               update alert_delivery
                  set attempts = attempts + 1, next_attempt_at = now() + @hold
                where alert_delivery_id in (select d.alert_delivery_id
                                              from alert_delivery d
                                              join alert_channel c using (alert_channel_id)
                                             where d.state = 'waiting'
                                               and d.next_attempt_at <= now()
                                               and c.enabled
                                          order by d.next_attempt_at
                                             limit @most
                                               for update of d skip locked)
            returning alert_delivery_id, alert_channel_id, attempts
            """, new { most, hold })).AsList();
    }

    /// <summary>What a message tells: the alerts as they are now, and whether each opened, is open still or was resolved. The gravest first.</summary>
    public async Task<IReadOnlyList<(AlertRow Alert, AlertNews News)>> ContentAsync(Guid delivery)
    {
        await using var connection = await database.OpenConnectionAsync();
        var rows = await connection.QueryAsync<AlertRow, string, (AlertRow, AlertNews)>(
            """
              select a.alert_id, a.rule, a.object_kind, a.object_key, a.object_name, a.pool_id, a.state, a.severity, a.value, a.threshold, a.detail, a.began_at, a.opened_at, a.resolved_at,
                     a.acknowledged_at, a.acknowledged_by, n.what
                from alert_notice n
                join alert a using (alert_id)
               where n.alert_delivery_id = @delivery
                 and not (n.what = 'reminded' and exists (select from alert_notice t where t.alert_id = n.alert_id and t.alert_delivery_id = @delivery and t.what <> 'reminded'))   -- the same message says it better
            order by n.what, array_position(array['critical', 'warning', 'info'], a.severity), a.rule, a.object_name
            """, (alert, what) => (alert, SqlText.Parse<AlertNews>(what)), new { delivery }, splitOn: "what");
        return rows.AsList();
    }

    /// <param name="remark">What the channel did not take of it; usually empty.</param>
    public async Task SentAsync(Guid delivery, string remark)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("update alert_delivery set state = 'sent', ended_at = now(), error = @remark where alert_delivery_id = @delivery and state = 'waiting'", new { delivery, remark });
    }

    /// <summary>True when that was the last try: it is too old.</summary>
    public async Task<bool> FailedAsync(Guid delivery, string error, TimeSpan pause, TimeSpan giveUpAfter)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<bool>(
            """
               update alert_delivery
                  set error = @error, next_attempt_at = now() + @pause,
                      state = case when created_at <= now() - @giveUpAfter then 'given_up' else state end,
                      ended_at = case when created_at <= now() - @giveUpAfter then now() end
                where alert_delivery_id = @delivery
                  and state = 'waiting'
            returning state = 'given_up'
            """, new { delivery, error, pause, giveUpAfter });
    }
}
