using System.Text;
using Dapper;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>How a channel's messages stand.</summary>
internal sealed record AlertChannelHealth(Guid AlertChannelId, DateTimeOffset? SentAt, string Error, int Waiting);

/// <summary>SQL of channels. Their secret is sealed; every change writes its audit row in the same statement.</summary>
internal sealed class AlertChannelStore(Database database, SecretBox box)
{
    private const string Columns = "alert_channel_id, name, kind, enabled, least_severity, language, server, security, authorities, user_name, sender, recipients, url, secret";

    /// <summary>By name.</summary>
    public async Task<IReadOnlyList<AlertChannelSettings>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<Row>(new CommandDefinition($"select {Columns} from alert_channel order by lower(name)", cancellationToken: ct))).Select(Settings)];
    }

    public async Task<AlertChannelSettings?> FindAsync(Guid channel, CancellationToken ct) => (await AllAsync(ct)).FirstOrDefault(c => c.Id == channel);

    public async Task<IReadOnlyDictionary<Guid, AlertChannelHealth>> HealthAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<AlertChannelHealth>(new CommandDefinition(
            """
            select c.alert_channel_id, max(d.ended_at) filter (where d.state = 'sent') as sent_at,
                   coalesce((array_agg(d.error order by d.created_at desc) filter (where d.error <> '' and d.state <> 'sent'))[1], '') as error,
                   (count(*) filter (where d.state = 'waiting'))::integer as waiting
              from alert_channel c
              left join alert_delivery d using (alert_channel_id)
             group by c.alert_channel_id
            """, cancellationToken: ct))).ToDictionary(h => h.AlertChannelId);
    }

    /// <summary>Adds one, or changes the one with its identifier. False when the name is taken. What waits is tried at once.</summary>
    public async Task<bool> SaveAsync(AlertChannelSettings settings, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            $"""
              with saved as (
                   insert into alert_channel as c ({Columns})
                   select @Id, @Name, @kind, @Enabled, @least, @Language, @Server, @security, @Authorities, @UserName, @Sender, @recipients, @Url, @secret::bytea
                    where not exists (select from alert_channel where lower(name) = lower(@Name) and alert_channel_id <> @Id)
              on conflict (alert_channel_id) do update
                      set ({Columns}) = ({string.Join(", ", Columns.Split(',').Select(column => $"excluded.{column.Trim()}"))})
                returning alert_channel_id, name, xmax = 0 as is_new),
                   tried as (
                   update alert_delivery set next_attempt_at = now() where state = 'waiting' and alert_channel_id in (select alert_channel_id from saved))
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, case when is_new then 'alert_channel.add' else 'alert_channel.update' end, 'alert_channel', alert_channel_id, name, @SourceAddress
              from saved
            """,
            new
            {
                settings.Id, settings.Name, kind = SqlText.Of(settings.Kind), settings.Enabled, least = SqlText.Of(settings.Least), settings.Language, settings.Server, security = SqlText.Of(settings.Security),
                settings.Authorities, settings.UserName, settings.Sender, recipients = settings.Recipients.ToArray(), settings.Url,
                secret = settings.Secret.Length == 0 ? null : box.Seal(Encoding.UTF8.GetBytes(settings.Secret), Place(settings.Id)), actor = by.UserName, by.SourceAddress,
            }) == 1;
    }

    /// <summary>False when there is no such channel. Its messages go with it.</summary>
    public async Task<bool> RemoveAsync(Guid channel, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with gone as (
                   delete from alert_channel where alert_channel_id = @channel returning alert_channel_id, name)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @UserName, 'alert_channel.remove', 'alert_channel', alert_channel_id, name, @SourceAddress
              from gone
            """, new { channel, by.UserName, by.SourceAddress }) == 1;
    }

    private AlertChannelSettings Settings(Row row) => new()
    {
        Id = row.AlertChannelId, Name = row.Name, Kind = SqlText.Parse<AlertChannelKind>(row.Kind), Enabled = row.Enabled, Least = SqlText.Parse<AlertSeverity>(row.LeastSeverity), Language = row.Language,
        Server = row.Server, Security = SqlText.Parse<MailSecurity>(row.Security), Authorities = row.Authorities, UserName = row.UserName, Sender = row.Sender, Recipients = row.Recipients, Url = row.Url,
        Secret = row.Secret is null ? "" : Encoding.UTF8.GetString(box.Open(row.Secret, Place(row.AlertChannelId))
            ?? throw new InvalidOperationException($"The secret of alert channel {row.Name} does not open with this key-encryption key; enter it again.")),
    };

    private static string Place(Guid channel) => $"alert_channel.secret:{channel}";

    private sealed record Row
    {
        public Guid AlertChannelId { get; init; }
        public string Name { get; init; } = "";
        public string Kind { get; init; } = "";
        public bool Enabled { get; init; }
        public string LeastSeverity { get; init; } = "";
        public string Language { get; init; } = "";
        public string Server { get; init; } = "";
        public string Security { get; init; } = "";
        public string Authorities { get; init; } = "";
        public string UserName { get; init; } = "";
        public string Sender { get; init; } = "";
        public string[] Recipients { get; init; } = [];
        public string Url { get; init; } = "";
        public byte[]? Secret { get; init; }
    }
}
