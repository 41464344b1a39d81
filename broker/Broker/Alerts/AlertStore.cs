using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>One row of alert_silence.</summary>
internal sealed record SilenceRow(Guid AlertSilenceId, string Rule, string? ObjectKey, DateTimeOffset UntilAt, string Reason, string SilencedBy);

/// <summary>SQL of alerts as people see and handle them.</summary>
internal sealed class AlertStore(Database database)
{
    private const string Columns =
        """
        select alert_id, rule, object_kind, object_key, object_name, pool_id, state, severity, value, threshold, detail, began_at, opened_at, resolved_at,
               acknowledged_at, acknowledged_by, alert_silenced_until(rule, object_key) as silenced_until
          from alert
        """;

    // Live lists hear of an alert whose silence changed.
    private const string Shown =
        """
        shown as (
                   update alert a
                      set looked_at = now()
                     from done d
                    where a.rule = d.rule
                      and (d.object_key is null or a.object_key = d.object_key)
                      and a.resolved_at is null)
        """;

    private const string Seen = "opened_at is not null and (@Pools::uuid[] is null or pool_id = any(@Pools) or object_kind = 'host' and object_key in (select h.host_id::text from host h where h.site_id = any(@Sites)))";

    /// <summary>Those that are not resolved.</summary>
    public Task<IReadOnlyList<AlertRow>> OpenAsync(PoolScope scope, CancellationToken ct) => QueryAsync($"{Columns} where {Seen} and resolved_at is null order by opened_at desc, alert_id", new { scope.Pools, scope.Sites }, ct);

    /// <summary>Of these, those that are not resolved.</summary>
    public Task<IReadOnlyList<AlertRow>> SomeAsync(Guid[] ids, PoolScope scope, CancellationToken ct) => QueryAsync($"{Columns} where {Seen} and resolved_at is null and alert_id = any(@ids)", new { ids, scope.Pools, scope.Sites }, ct);

    /// <summary>Newest first.</summary>
    /// <param name="state">open or resolved; null: any.</param>
    /// <param name="before">Opened before then; null: no matter when.</param>
    public Task<IReadOnlyList<AlertRow>> ListAsync(string? state, DateTimeOffset? before, int limit, PoolScope scope, CancellationToken ct) => QueryAsync(
        $"{Columns} where {Seen} and (@state::text is null or state = @state) and (@before::timestamptz is null or opened_at < @before) order by opened_at desc, alert_id limit @limit", new { state, before, limit, scope.Pools, scope.Sites }, ct);

    /// <summary>The alert as it is then; null when there is none that is open. Who was first stays.</summary>
    public async Task<AlertRow?> AcknowledgeAsync(Guid alert, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
              with done as (
                   update alert
                      set acknowledged_at = now(), acknowledged_by = @UserName
                    where alert_id = @alert
                      and state = 'open'
                      and acknowledged_at is null
                returning rule, object_name)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @UserName, 'alert.acknowledge', 'alert', @alert, rule || ': ' || object_name, @SourceAddress
              from done
            """, new { alert, by.UserName, by.SourceAddress });
        return (await QueryAsync(connection, $"{Columns} where alert_id = @alert and state = 'open'", new { alert }, CancellationToken.None)).SingleOrDefault();
    }

    /// <summary>One for a rule and object; another time or reason replaces the one before. Open alerts of it are shown anew.</summary>
    public async Task<SilenceRow> SilenceAsync(Guid silence, string rule, string? objectKey, DateTimeOffset until, string reason, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<SilenceRow>(
            $"""
              with done as (
                   insert into alert_silence (alert_silence_id, rule, object_key, until_at, reason, silenced_by)
                   values (@silence, @rule, @objectKey, @until, @reason, @UserName)
                       on conflict on constraint alert_silence_uq do update set until_at = excluded.until_at, reason = excluded.reason, silenced_by = excluded.silenced_by, silenced_at = now()
                returning alert_silence_id, rule, object_key, until_at, reason, silenced_by),
                   {Shown},
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address, reference)
                   select @UserName, 'alert.silence', 'alert_rule', alert_silence_id, concat_ws(': ', rule, object_key), @SourceAddress, to_char(until_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI"Z"')
                     from done)
            select * from done
            """, new { silence, rule, objectKey, until, reason, by.UserName, by.SourceAddress });
    }

    /// <summary>False when there is no such silence.</summary>
    public async Task<bool> EndSilenceAsync(Guid silence, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<bool>(
            $"""
              with done as (
                   delete from alert_silence where alert_silence_id = @silence returning alert_silence_id, rule, object_key),
                   {Shown},
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                   select @UserName, 'alert.silence_end', 'alert_rule', alert_silence_id, concat_ws(': ', rule, object_key), @SourceAddress
                     from done)
            select exists (select from done)
            """, new { silence, by.UserName, by.SourceAddress });
    }

    /// <summary>Those that still hold, the next to end first.</summary>
    public async Task<IReadOnlyList<SilenceRow>> SilencesAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<SilenceRow>(new CommandDefinition(
            "select alert_silence_id, rule, object_key, until_at, reason, silenced_by from alert_silence where until_at > now() order by until_at", cancellationToken: ct))).AsList();
    }

    private async Task<IReadOnlyList<AlertRow>> QueryAsync(string sql, object values, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await QueryAsync(connection, sql, values, ct);
    }

    private static async Task<IReadOnlyList<AlertRow>> QueryAsync(System.Data.IDbConnection connection, string sql, object values, CancellationToken ct) =>
        (await connection.QueryAsync<AlertRow>(new CommandDefinition(sql, values, cancellationToken: ct))).AsList();
}
