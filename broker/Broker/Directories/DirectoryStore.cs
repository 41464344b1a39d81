using Dapper;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using System.Text;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>How a directory stands, for those who look after it.</summary>
internal sealed record DirectoryHealth(Guid DirectoryId, DateTime? SyncedAt, string SyncError, int People, int Groups);

/// <summary>SQL of the directories' settings. The reading account's password is sealed; every change writes its audit row in the same statement.</summary>
internal sealed class DirectoryStore(Database database, SecretBox box)
{
    private const string Columns = """
        directory_id, name, kind, enabled, servers, start_tls, authorities, base_dn, bind_dn, bind_secret, domains, user_filter, name_attribute,
        display_name_attribute, id_attribute, group_filter, group_name_attribute, member_attribute, most_bad_tries, bad_tries_minutes, sync_minutes
        """;

    /// <summary>In the order in which they are asked.</summary>
    public async Task<IReadOnlyList<DirectorySettings>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition($"select {Columns} from directory order by created_at, directory_id", cancellationToken: ct));
        return [.. rows.Select(Settings)];
    }

    public async Task<DirectorySettings?> FindAsync(Guid directory, CancellationToken ct) => (await AllAsync(ct)).FirstOrDefault(d => d.Id == directory);

    public async Task<IReadOnlyDictionary<Guid, DirectoryHealth>> HealthAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<DirectoryHealth>(new CommandDefinition(
            """
            select directory_id, synced_at, sync_error,
                   (select count(*)::int from app_user u where u.directory_id = d.directory_id)  as people,
                   (select count(*)::int from app_group g where g.directory_id = d.directory_id) as groups
              from directory d
            """, cancellationToken: ct))).ToDictionary(h => h.DirectoryId);
    }

    /// <summary>Adds one, or changes the one with its identifier. False when the name is taken.</summary>
    public async Task<bool> SaveAsync(DirectorySettings settings, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        var own = settings.OwnSchema;
        return await connection.ExecuteAsync(
            $"""
              with saved as (
                   insert into directory as d ({Columns})
                   select @Id, @Name, @kind, @Enabled, @servers, @StartTls, @Authorities, @BaseDn, @BindDn, @secret, @domains, @UserFilter, @nameAttribute,
                          @DisplayName, @idAttribute, @GroupFilter, @GroupName, @Member, @MostBadTries, @BadTriesMinutes, @SyncMinutes
                    where not exists (select from directory where lower(name) = lower(@Name) and directory_id <> @Id)
              on conflict (directory_id) do update
                      set ({Columns}) = ({string.Join(", ", Columns.Split(',').Select(column => $"excluded.{column.Trim()}"))}),
                          sync_due_at = now()
                returning directory_id, name, xmax = 0 as is_new)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, case when is_new then 'directory.add' else 'directory.update' end, 'directory', directory_id, name, @SourceAddress
              from saved
            """,
            new
            {
                settings.Id, settings.Name, kind = SqlText.Of(settings.Kind), settings.Enabled, servers = settings.Servers.ToArray(), settings.StartTls, settings.Authorities, settings.BaseDn,
                settings.BindDn, secret = box.Seal(Encoding.UTF8.GetBytes(settings.BindPassword), Place(settings.Id)), domains = settings.Domains.ToArray(), own.UserFilter, nameAttribute = own.Name,
                own.DisplayName, idAttribute = own.Id, own.GroupFilter, own.GroupName, own.Member, settings.MostBadTries, settings.BadTriesMinutes, settings.SyncMinutes, actor = by.UserName, by.SourceAddress,
            }) == 1;
    }

    /// <summary>
    /// Lets a directory go. Its groups go with it; its people are disabled and keep their desktops' names. False when nobody
    /// could administer any more.
    /// </summary>
    public async Task<bool> RemoveAsync(Guid directory, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var stays = await connection.QuerySingleAsync<bool>(
            $"""
              with {RoleStore.Keepers}
            select not exists (select from keepers) or exists (select from keepers join app_user u using (user_id) where u.directory_id is distinct from @directory)
            """, new { directory }, transaction);
        if (!stays) return false;
        await connection.ExecuteAsync(
            """
            delete from sign_in where user_id in (select user_id from app_user where directory_id = @directory);
            update app_user set enabled = false, directory_id = null, external_id = null, directory_name = null, disabled_by_directory = false where directory_id = @directory;
              with gone as (
                   delete from directory
                    where directory_id = @directory
                returning directory_id, name)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, 'directory.remove', 'directory', directory_id, name, @SourceAddress
              from gone
            """, new { directory, actor = by.UserName, by.SourceAddress }, transaction);
        await transaction.CommitAsync();
        return true;
    }

    /// <summary>Those whose people and groups are to be read now; only one node gets each.</summary>
    public async Task<IReadOnlyList<Guid>> TakeDueAsync()
    {
        await using var connection = await database.OpenConnectionAsync();
        return (await connection.QueryAsync<Guid>(
            """
               update directory
                  set sync_due_at = now() + make_interval(mins => sync_minutes)
                where enabled
                  and sync_due_at <= now()
            returning directory_id
            """)).AsList();
    }

    /// <param name="directory">Which.</param>
    /// <param name="error">Empty: it was read.</param>
    public async Task SyncedAsync(Guid directory, string error)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("update directory set sync_error = @error, synced_at = case when @error = '' then now() else synced_at end where directory_id = @directory", new { directory, error });
    }

    /// <summary>Counts a try before it is made. False: as many as may be were made already, and this one must not reach the directory.</summary>
    public async Task<bool> TakeTryAsync(DirectorySettings directory, string person)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
            insert into directory_try as t (directory_id, person, tries, last_at)
            values (@Id, @person, 1, now())
            on conflict (directory_id, person) do update
               set tries   = case when t.last_at < now() - make_interval(mins => @BadTriesMinutes) then 1 else t.tries + 1 end,
                   last_at = now()
             where t.tries < @MostBadTries
                or t.last_at < now() - make_interval(mins => @BadTriesMinutes)
            """, new { directory.Id, person, directory.MostBadTries, directory.BadTriesMinutes }) == 1;
    }

    /// <summary>The password was right.</summary>
    public async Task ForgetTriesAsync(DirectorySettings directory, string person)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("delete from directory_try where directory_id = @Id and person = @person", new { directory.Id, person });
    }

    private static string Place(Guid directory) => $"directory.bind_secret:{directory}";

    private DirectorySettings Settings(Row row) => new()
    {
        Id = row.DirectoryId, Name = row.Name, Kind = SqlText.Parse<DirectoryKind>(row.Kind), Enabled = row.Enabled, Servers = row.Servers, StartTls = row.StartTls, Authorities = row.Authorities,
        BaseDn = row.BaseDn, BindDn = row.BindDn, Domains = row.Domains,
        BindPassword = box.Open(row.BindSecret, Place(row.DirectoryId)) is { } secret ? Encoding.UTF8.GetString(secret)
            : throw new InvalidOperationException($"The password of directory {row.Name} cannot be opened: the key-encryption key is another one. Enter the password again."),
        OwnSchema = new(row.UserFilter, row.NameAttribute, row.DisplayNameAttribute, row.IdAttribute, row.GroupFilter, row.GroupNameAttribute, row.MemberAttribute),
        MostBadTries = row.MostBadTries, BadTriesMinutes = row.BadTriesMinutes, SyncMinutes = row.SyncMinutes,
    };

    // By properties: Dapper finds no constructor that takes arrays.
    private sealed record Row
    {
        public Guid DirectoryId { get; init; }
        public string Name { get; init; } = "";
        public string Kind { get; init; } = "";
        public bool Enabled { get; init; }
        public string[] Servers { get; init; } = [];
        public bool StartTls { get; init; }
        public string Authorities { get; init; } = "";
        public string BaseDn { get; init; } = "";
        public string BindDn { get; init; } = "";
        public byte[] BindSecret { get; init; } = [];
        public string[] Domains { get; init; } = [];
        public string UserFilter { get; init; } = "";
        public string NameAttribute { get; init; } = "";
        public string DisplayNameAttribute { get; init; } = "";
        public string IdAttribute { get; init; } = "";
        public string GroupFilter { get; init; } = "";
        public string GroupNameAttribute { get; init; } = "";
        public string MemberAttribute { get; init; } = "";
        public int MostBadTries { get; init; }
        public int BadTriesMinutes { get; init; }
        public int SyncMinutes { get; init; }
    }
}
