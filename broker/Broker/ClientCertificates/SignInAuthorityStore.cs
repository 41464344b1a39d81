using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>SQL of the authorities, and of whom names in their certificates are. Every change writes its audit row in the same statement.</summary>
internal sealed class SignInAuthorityStore(Database database)
{
    private const string Columns = "authority_id, name, enabled, certificates, names_by, pattern, by_user_name, purpose, policies, revocation, both_factors";

    private const string Person = "user_id, user_name, display_name, password_hash, enabled, administrator, has_factor(user_id) as has_factor";

    /// <summary>By name.</summary>
    public Task<List<SignInAuthority>> AllAsync() => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<Row>($"select {Columns} from sign_in_authority order by lower(name)")).Select(Settings).ToList());

    public async Task<SignInAuthority?> FindAsync(Guid authority) => (await AllAsync()).FirstOrDefault(a => a.Id == authority);

    /// <summary>For the button of a sign-in page.</summary>
    public Task<bool> AnyAsync() => database.RepeatableAsync((connection, _) => connection.QuerySingleAsync<bool>("select exists (select from sign_in_authority where enabled)"));

    /// <summary>How many links each has.</summary>
    public Task<Dictionary<Guid, int>> LinkCountsAsync() => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<(Guid Id, int Links)>("select authority_id, count(*)::int from certificate_link group by authority_id")).ToDictionary(row => row.Id, row => row.Links));

    /// <summary>Adds one, or changes the one with its identifier. False when the name is taken.</summary>
    public async Task<bool> SaveAsync(SignInAuthority authority, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            $"""
              with saved as (
                   insert into sign_in_authority as a ({Columns})
                   select @Id, @Name, @Enabled, @Certificates, @namesBy, @Pattern, @ByUserName, @Purpose, @policies, @revocation, @BothFactors
                    where not exists (select from sign_in_authority where authority_id <> @Id and lower(name) = lower(@Name))
              on conflict (authority_id) do update
                      set ({Columns}) = ({string.Join(", ", Columns.Split(',').Select(column => $"excluded.{column.Trim()}"))})
                returning authority_id, name, xmax = 0 as is_new)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, case when is_new then 'certificate_authority.add' else 'certificate_authority.update' end, 'certificate_authority', authority_id, name, @SourceAddress
              from saved
            """,
            new
            {
                authority.Id, authority.Name, authority.Enabled, authority.Certificates, namesBy = SqlText.Of(authority.NamesBy), authority.Pattern, authority.ByUserName, authority.Purpose, policies = authority.Policies.ToArray(),
                revocation = SqlText.Of(authority.Revocation), authority.BothFactors, actor = by.UserName, by.SourceAddress,
            }) == 1;
    }

    /// <summary>Lets one go, with its links and what is under way.</summary>
    public async Task<bool> RemoveAsync(Guid authority, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with gone as (
                   delete from sign_in_authority
                    where authority_id = @authority
                returning authority_id, name)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, 'certificate_authority.remove', 'certificate_authority', authority_id, name, @SourceAddress
              from gone
            """, new { authority, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <summary>Names and whose they are, by user name.</summary>
    public Task<List<(string Value, string UserName)>> LinksAsync(Guid authority) => database.RepeatableAsync(async (connection, _) => (await connection.QueryAsync<(string, string)>(
        """
          select value, user_name
            from certificate_link
            join app_user using (user_id)
           where authority_id = @authority
        order by user_name, value
        """, new { authority })).AsList());

    /// <summary>Says whom a name is, whomever it was before. False when there is no such user. The name itself stays out of the audit record, which is kept longer than the account.</summary>
    public async Task<bool> LinkAsync(Guid authority, string value, string userName, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with linked as (
                   insert into certificate_link as l (authority_id, value, user_id)
                   select a.authority_id, @value, u.user_id
                     from sign_in_authority a, app_user u
                    where a.authority_id = @authority
                      and u.user_name    = @userName
                      and not u.synthetic
              on conflict (authority_id, value) do update
                      set user_id = excluded.user_id, created_at = now()
                returning authority_id, user_id)
            insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
            select @actor, 'certificate.link', 'user', user_id, user_name, a.name, @SourceAddress
              from linked
              join app_user using (user_id)
              join sign_in_authority a using (authority_id)
            """, new { authority, value, userName, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <summary>False when there is no such link.</summary>
    public async Task<bool> UnlinkAsync(Guid authority, string value, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with gone as (
                   delete from certificate_link
                    where authority_id = @authority
                      and value        = @value
                returning authority_id, user_id)
            insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
            select @actor, 'certificate.unlink', 'user', user_id, user_name, a.name, @SourceAddress
              from gone
              join app_user using (user_id)
              join sign_in_authority a using (authority_id)
            """, new { authority, value, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <summary>Whom a name in certificates of this authority is: by its link, else, where that is wanted, by the user name.</summary>
    public Task<KnownUser?> WhoAsync(SignInAuthority authority, string value) => database.RepeatableAsync((connection, _) => connection.QuerySingleOrDefaultAsync<KnownUser>(
        $"""
          with named as (
               select user_id, 1 as rank
                 from certificate_link
                where authority_id = @Id
                  and value        = @value
            union all
               select user_id, 2
                 from app_user
                where @ByUserName
                  and user_name = @userName
             order by rank
                limit 1)
        select {Person}
          from named
          join app_user using (user_id)
         where not synthetic
        """, new { authority.Id, authority.ByUserName, value, userName = UserNames.Normalise(value) }));

    private static SignInAuthority Settings(Row row) => new()
    {
        Id = row.AuthorityId, Name = row.Name, Enabled = row.Enabled, Certificates = row.Certificates, NamesBy = SqlText.Parse<NamesBy>(row.NamesBy), Pattern = row.Pattern, ByUserName = row.ByUserName,
        Purpose = row.Purpose, Policies = row.Policies, Revocation = SqlText.Parse<Revocation>(row.Revocation), BothFactors = row.BothFactors,
    };

    // By properties: Dapper finds no constructor that takes arrays.
    private sealed record Row
    {
        public Guid AuthorityId { get; init; }
        public string Name { get; init; } = "";
        public bool Enabled { get; init; }
        public string Certificates { get; init; } = "";
        public string NamesBy { get; init; } = "";
        public string Pattern { get; init; } = "";
        public bool ByUserName { get; init; }
        public string Purpose { get; init; } = "";
        public string[] Policies { get; init; } = [];
        public string Revocation { get; init; } = "";
        public bool BothFactors { get; init; }
    }
}
