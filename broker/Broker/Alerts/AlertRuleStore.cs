using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>SQL of what somebody changed of the rules.</summary>
internal sealed class AlertRuleStore(Database database)
{
    public async Task<IReadOnlyList<(AlertRule Rule, PoolId? Pool, AlertSetting Setting)>> ChangedAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition("select rule, pool_id, enabled, threshold, for_seconds, severity, remind_hours from alert_rule order by rule, pool_id nulls first", cancellationToken: ct));
        return [.. rows.Select(r => (SqlText.Parse<AlertRule>(r.Rule), r.PoolId is { } pool ? new PoolId(pool) : (PoolId?)null,
            new AlertSetting(r.Enabled, r.Threshold, TimeSpan.FromSeconds(r.ForSeconds), SqlText.Parse<AlertSeverity>(r.Severity)) { RemindEvery = TimeSpan.FromHours(r.RemindHours) }))];
    }

    /// <summary>False when there is no such pool.</summary>
    public async Task<bool> SetAsync(AlertRule rule, PoolId? pool, AlertSetting setting, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with done as (
                   insert into alert_rule (rule, pool_id, enabled, threshold, for_seconds, severity, remind_hours)
                   select @rule, @pool::uuid, @Enabled, @Threshold, @seconds, @severity, @hours
                    where @pool::uuid is null
                       or exists (select from pool where pool_id = @pool and not deleting)
                       on conflict on constraint alert_rule_uq
                       do update set enabled = excluded.enabled, threshold = excluded.threshold, for_seconds = excluded.for_seconds, severity = excluded.severity, remind_hours = excluded.remind_hours
                returning rule, pool_id)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address, reference)
            select @UserName, 'alert_rule.set', case when pool_id is null then 'alert_rule' else 'pool' end, pool_id, rule, @SourceAddress,
                   concat_ws(', ', case when @Enabled then 'on' else 'off' end, @Threshold::text, @seconds || ' s', @severity, case when @hours > 0 then @hours || ' h' end)
              from done
            """, new { rule = SqlText.Of(rule), pool = pool?.Value, setting.Enabled, setting.Threshold, seconds = (int)setting.For.TotalSeconds, severity = SqlText.Of(setting.Severity), hours = (int)setting.RemindEvery.TotalHours, by.UserName, by.SourceAddress }) == 1;
    }

    public async Task ResetAsync(AlertRule rule, PoolId? pool, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
              with done as (
                   delete from alert_rule where rule = @rule and pool_id is not distinct from @pool::uuid returning rule, pool_id)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @UserName, 'alert_rule.reset', case when pool_id is null then 'alert_rule' else 'pool' end, pool_id, rule, @SourceAddress
              from done
            """, new { rule = SqlText.Of(rule), pool = pool?.Value, by.UserName, by.SourceAddress });
    }

    private sealed record Row(string Rule, Guid? PoolId, bool Enabled, double? Threshold, int ForSeconds, string Severity, int RemindHours);
}
