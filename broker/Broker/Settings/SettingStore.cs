using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Settings;

/// <summary>A setting that the console has changed.</summary>
/// <param name="Value">As a file would have it; null: back to the default.</param>
/// <param name="Version">Of the change that set it.</param>
internal sealed record StoredSetting(string Key, string? Value, long Version, DateTimeOffset ChangedAt);

/// <summary>One change of one setting; who and when stands in the audit record.</summary>
internal sealed record SettingChangeRow(long AuditId, string Key, string? Before, string? After);

/// <summary>SQL of settings.</summary>
internal sealed class SettingStore(Database database)
{
    /// <summary>All of them, and the version of all together.</summary>
    public async Task<(long Version, IReadOnlyDictionary<string, StoredSetting> Settings)> ReadAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<Row>(new CommandDefinition(
            """
               select i.settings_version, s.key, s.value, coalesce(s.version, 0) as version, coalesce(s.changed_at, now()) as changed_at
                 from installation i
            left join setting s on true
            """, cancellationToken: ct))).AsList();
        return (rows[0].SettingsVersion, rows.Where(r => r.Key is not null).ToDictionary(r => r.Key!, r => new StoredSetting(r.Key!, r.Value, r.Version, r.ChangedAt), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Writes all or nothing, and only if nobody wrote since <paramref name="judged"/>: what was found to fit together is what will be there.</summary>
    /// <param name="judged">The version that was read.</param>
    /// <param name="changes">Null: back to the usual value, which the audit record names.</param>
    /// <param name="by">Who.</param>
    /// <returns>False when somebody did.</returns>
    public async Task<bool> WriteAsync(long judged, IReadOnlyCollection<(string Key, string? Value, string Usual)> changes, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with turn as (
                   update installation
                      set settings_version = settings_version + 1
                    where settings_version = @judged
                returning settings_version),
                   old as (
                   select key, value
                     from setting
                    where key = any(@keys)),
                   done as (
                   insert into setting (key, value, version)
                   select w.key, w.value, t.settings_version
                     from turn t
                    cross join unnest(@keys, @values::text[]) as w (key, value)
                       on conflict on constraint setting_key_uq
                       do update set value = excluded.value, version = excluded.version, changed_at = now()
                returning setting_id, key, value),
                   noted as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address, reference)
                   select @UserName, case when d.value is null then 'setting.reset' else 'setting.change' end, 'setting', d.setting_id, d.key, @SourceAddress,
                          concat(coalesce(o.value, w.usual), ' -> ', coalesce(d.value, w.usual))
                     from done d
                     join unnest(@keys, @usuals) as w (key, usual) using (key)
                left join old o using (key)
                returning audit_id, object_id)
            insert into setting_change (audit_id, setting_id, before, after)
            select n.audit_id, n.object_id, o.value, d.value
              from noted n
              join done d on d.setting_id = n.object_id
            left join old o using (key)
            """, new { judged, keys = changes.Select(c => c.Key).ToArray(), values = changes.Select(c => c.Value).ToArray(), usuals = changes.Select(c => c.Usual).ToArray(), by.UserName, by.SourceAddress }) > 0;
    }

    /// <summary>The last change of each setting, of these or of all.</summary>
    public Task<IReadOnlyList<SettingChangeRow>> NewestAsync(string[]? keys, CancellationToken ct) => ChangesAsync(
        """
        select distinct on (c.setting_id) c.audit_id, s.key, c.before, c.after
          from setting_change c
          join setting s using (setting_id)
         where @keys::text[] is null or s.key = any(@keys)
         order by c.setting_id, c.audit_id desc
        """, keys, 0, ct);

    /// <summary>Newest first.</summary>
    public Task<IReadOnlyList<SettingChangeRow>> HistoryAsync(string? key, int limit, CancellationToken ct) => ChangesAsync(
        """
        select c.audit_id, s.key, c.before, c.after
          from setting_change c
          join setting s using (setting_id)
         where @keys::text[] is null or s.key = any(@keys)
         order by c.audit_id desc
         limit @limit
        """, key is null ? null : [key], limit, ct);

    private async Task<IReadOnlyList<SettingChangeRow>> ChangesAsync(string sql, string[]? keys, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<SettingChangeRow>(new CommandDefinition(sql, new { keys, limit }, cancellationToken: ct))).AsList();
    }

    private sealed record Row(long SettingsVersion, string? Key, string? Value, long Version, DateTimeOffset ChangedAt);
}
