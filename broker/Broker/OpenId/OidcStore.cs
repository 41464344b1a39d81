using System.Text;
using Dapper;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>SQL of the providers' settings. The client's secret is sealed; every change writes its audit row in the same transaction.</summary>
internal sealed class OidcStore(Database database, SecretBox box)
{
    private const string Columns = "provider_id, name, enabled, issuer, client_id, client_secret, authorities, scopes, name_claim, display_name_claim, groups_claim, only_mapped, second_factor_values";

    /// <summary>By name.</summary>
    public async Task<IReadOnlyList<OidcSettings>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
              select {Columns},
                     array(select oidc_value from app_group g where g.oidc_provider_id = p.provider_id order by oidc_value) as values,
                     array(select name       from app_group g where g.oidc_provider_id = p.provider_id order by oidc_value) as names
                from oidc_provider p
            order by lower(name)
            """, cancellationToken: ct));
        return [.. rows.Select(Settings)];
    }

    public async Task<OidcSettings?> FindAsync(Guid provider, CancellationToken ct) => (await AllAsync(ct)).FirstOrDefault(p => p.Id == provider);

    /// <summary>For the buttons of a sign-in page.</summary>
    public Task<List<(Guid Id, string Name)>> NamesAsync() => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<(Guid, string)>("select provider_id, name from oidc_provider where enabled order by lower(name)")).AsList());

    /// <summary>How many people signed in at least once, by provider.</summary>
    public Task<Dictionary<Guid, int>> PeopleAsync() => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<(Guid Id, int People)>("select oidc_provider_id, count(*)::int from app_user where oidc_provider_id is not null group by oidc_provider_id")).ToDictionary(row => row.Id, row => row.People));

    /// <summary>Adds one, or changes the one with its identifier; groups that are mapped no more go, with what they gave. False when the name, or issuer and client, are taken.</summary>
    public async Task<bool> SaveAsync(OidcSettings settings, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var saved = await connection.ExecuteAsync(
            $"""
              with saved as (
                   insert into oidc_provider as p ({Columns})
                   select @Id, @Name, @Enabled, @Issuer, @ClientId, @secret, @Authorities, @scopes, @NameClaim, @DisplayNameClaim, @GroupsClaim, @OnlyMapped, @secondFactorValues
                    where not exists (select from oidc_provider where provider_id <> @Id and (lower(name) = lower(@Name) or issuer = @Issuer and client_id = @ClientId))
              on conflict (provider_id) do update
                      set ({Columns}) = ({string.Join(", ", Columns.Split(',').Select(column => $"excluded.{column.Trim()}"))})
                returning provider_id, name, xmax = 0 as is_new)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, case when is_new then 'oidc_provider.add' else 'oidc_provider.update' end, 'oidc_provider', provider_id, name, @SourceAddress
              from saved
            """,
            new
            {
                settings.Id, settings.Name, settings.Enabled, settings.Issuer, settings.ClientId, secret = box.Seal(Encoding.UTF8.GetBytes(settings.ClientSecret), Place(settings.Id)), settings.Authorities,
                scopes = settings.Scopes.ToArray(), settings.NameClaim, settings.DisplayNameClaim, settings.GroupsClaim, settings.OnlyMapped, secondFactorValues = settings.SecondFactorValues.ToArray(),
                actor = by.UserName, by.SourceAddress,
            }, transaction);
        if (saved != 1) return false;
        await connection.ExecuteAsync(
            """
            delete from app_group where oidc_provider_id = @Id and oidc_value <> all (@values);
            insert into app_group as g (group_id, name, oidc_provider_id, oidc_value)
            select gen_random_uuid(), t.name, @Id, t.value
              from unnest(@values, @names) as t (value, name)
            on conflict (oidc_provider_id, oidc_value) do update
               set name = excluded.name
            """, new { settings.Id, values = settings.Groups.Keys.ToArray(), names = settings.Groups.Values.ToArray() }, transaction);
        await transaction.CommitAsync();
        return true;
    }

    /// <summary>Lets a provider go. Its groups go with it; its people are disabled and keep their desktops' names, until the same issuer names them again. False when nobody could administer any more.</summary>
    public async Task<bool> RemoveAsync(Guid provider, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var stays = await connection.QuerySingleAsync<bool>(
            $"""
              with {RoleStore.Keepers}
            select not exists (select from keepers) or exists (select from keepers join app_user u using (user_id) where u.oidc_provider_id is distinct from @provider)
            """, new { provider }, transaction);
        if (!stays) return false;
        await connection.ExecuteAsync(
            """
            delete from sign_in      where user_id in (select user_id from app_user where oidc_provider_id = @provider);
            delete from sign_in_step where user_id in (select user_id from app_user where oidc_provider_id = @provider);
            update app_user u
               set enabled                = false,
                   disabled_with_provider = u.enabled,
                   former_issuer          = p.issuer,
                   former_subject         = u.oidc_subject,
                   oidc_provider_id       = null,
                   oidc_subject           = null
              from oidc_provider p
             where p.provider_id      = @provider
               and u.oidc_provider_id = @provider;
              with gone as (
                   delete from oidc_provider
                    where provider_id = @provider
                returning provider_id, name)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, 'oidc_provider.remove', 'oidc_provider', provider_id, name, @SourceAddress
              from gone
            """, new { provider, actor = by.UserName, by.SourceAddress }, transaction);
        await transaction.CommitAsync();
        return true;
    }

    private static string Place(Guid provider) => $"oidc_provider.client_secret:{provider}";

    private OidcSettings Settings(Row row) => new()
    {
        Id = row.ProviderId, Name = row.Name, Enabled = row.Enabled, Issuer = row.Issuer, ClientId = row.ClientId, Authorities = row.Authorities, Scopes = row.Scopes,
        NameClaim = row.NameClaim, DisplayNameClaim = row.DisplayNameClaim, GroupsClaim = row.GroupsClaim, OnlyMapped = row.OnlyMapped, SecondFactorValues = row.SecondFactorValues,
        Groups = row.Values.Zip(row.Names).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal),
        ClientSecret = box.Open(row.ClientSecret, Place(row.ProviderId)) is { } secret ? Encoding.UTF8.GetString(secret)
            : throw new InvalidOperationException($"The secret of provider {row.Name} cannot be opened: the key-encryption key is another one. Enter the secret again."),
    };

    // By properties: Dapper finds no constructor that takes arrays.
    private sealed record Row
    {
        public Guid ProviderId { get; init; }
        public string Name { get; init; } = "";
        public bool Enabled { get; init; }
        public string Issuer { get; init; } = "";
        public string ClientId { get; init; } = "";
        public byte[] ClientSecret { get; init; } = [];
        public string Authorities { get; init; } = "";
        public string[] Scopes { get; init; } = [];
        public string NameClaim { get; init; } = "";
        public string DisplayNameClaim { get; init; } = "";
        public string GroupsClaim { get; init; } = "";
        public bool OnlyMapped { get; init; }
        public string[] SecondFactorValues { get; init; } = [];
        public string[] Values { get; init; } = [];
        public string[] Names { get; init; } = [];
    }
}
