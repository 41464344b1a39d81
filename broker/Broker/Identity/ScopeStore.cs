using System.Collections.Frozen;
using Dapper;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>By what a caller holds a permission on an object.</summary>
internal enum Held
{
    Nowhere,
    OnPool,
    OverPeople,
}

/// <summary>SQL of scopes: to which pool, site and person an object belongs, and who can give rights. Asked only for callers whose rights end somewhere.</summary>
internal sealed class ScopeStore(Database database)
{
    private const int MostNamed = 3;
    private const string Nobody = "false";
    private const string OfPool = "coalesce(o.pool_id = any(@Pools), false)";

    // Objects that belong to a site themselves, and not by a pool.
    private static readonly FrozenDictionary<string, string> OfSite = FrozenDictionary.ToFrozenDictionary(
        new Dictionary<string, string>
        {
            ["site_id"] = "o.site_id = any(@Sites)",
            ["host_id"] = "coalesce(o.site_id = any(@Sites), false)",
            ["task_id"] = $"{OfPool} or o.object_kind = 'host' and {PoolScope.IsAtSite("o.object_id")}",
            ["api_key_id"] = $"{OfPool} or coalesce(o.scope_site_id = any(@Sites), false)",
        }, StringComparer.Ordinal);

    // From where an object is read, and when it is of the people of a group, or used from some endpoints. A machine is theirs while they are on it.
    private static readonly FrozenDictionary<string, (string From, string OfPeople)> Questions = FrozenDictionary.ToFrozenDictionary(
        new Dictionary<string, (string, string)>
        {
            ["pool_id"] = ("pool o where o.pool_id = @id", Nobody),
            ["site_id"] = ("site o where o.site_id = @id", Nobody),
            ["host_id"] = ("host o where o.host_id = @id", Nobody),
            ["machine_id"] = ("machine o where o.machine_id = @id",
                $"""
                exists (select from session s where s.machine_id = o.machine_id and s.state <> 'ended' and {PoolScope.IsTheirs("s")})
                 and not (@alone and exists (select from session s where s.machine_id = o.machine_id and s.state <> 'ended' and not {PoolScope.IsTheirs("s")}))
                """),
            ["task_id"] = ("task o where o.task_id = @id",
                $"""
                o.object_kind = 'machine' and exists (select from session s where s.machine_id = o.object_id and s.state <> 'ended' and {PoolScope.IsTheirs("s")})
                 and not (@alone and exists (select from session s where s.machine_id = o.object_id and s.state <> 'ended' and not {PoolScope.IsTheirs("s")}))
                """),
            ["session_id"] = ("session o where o.session_id = @id", PoolScope.IsTheirs("o")),
            ["rollout_id"] = ("rollout o where o.rollout_id = @id", Nobody),
            ["launch_id"] = ("launch_trace o where o.launch_trace_id = @id", $"({PoolScope.IsOfPeople("o.user_id")} or {PoolScope.IsFrom("o.client_address")})"),
            ["api_key_id"] = ("api_key o where o.api_key_id = @id", "(o.scope_group_id = any(@Groups) or o.scope_endpoint_group_id = any(@Ends))"),
            ["assistance_id"] = ("assistance join session o using (session_id) where assistance_id = @id", PoolScope.IsTheirs("o")),
        }, StringComparer.Ordinal);

    /// <summary>Names of request fields whose object belongs to a pool or a site.</summary>
    public static IReadOnlyCollection<string> Kinds => Questions.Keys;

    /// <summary>Nowhere also when there is no such object: nobody learns from an answer what he may not see.</summary>
    /// <param name="kind">The field that names it.</param>
    /// <param name="id">Its identifier.</param>
    /// <param name="scope">Where the caller holds the permission.</param>
    /// <param name="alone">What is done to a machine is done to all who are on it, so no one else may be.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Held> WhereAsync(string kind, Guid id, PoolScope scope, bool alone, CancellationToken ct)
    {
        var (from, ofPeople) = Questions[kind];
        await using var connection = await database.OpenConnectionAsync(ct);
        return (Held)await connection.QuerySingleOrDefaultAsync<int>(new CommandDefinition(
            $"select case when {OfSite.GetValueOrDefault(kind, OfPool)} then {(int)Held.OnPool} when {ofPeople} then {(int)Held.OverPeople} else {(int)Held.Nowhere} end from {from}",
            new { id, scope.Pools, scope.Groups, scope.Sites, scope.Ends, alone }, cancellationToken: ct));
    }

    /// <summary>False also when there is no such person.</summary>
    public async Task<bool> IsOfPeopleAsync(string userName, Guid[] groups, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            $"select exists (select from app_user u where u.user_name = @userName and not u.synthetic and {PoolScope.IsOfPeople("u.user_id")})", new { userName, groups }, cancellationToken: ct));
    }

    /// <summary>Some who administer everything, as others know them.</summary>
    public async Task<IReadOnlyList<string>> AdministratorsAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<string>(new CommandDefinition(
            """
              select distinct u.display_name
                from held_role h
                join app_user u using (user_id)
               where h.role = @administrator
                 and h.pool_id is null
                 and h.scope_group_id is null
                 and h.scope_site_id is null
                 and h.scope_endpoint_group_id is null
                 and u.enabled
            order by u.display_name
               limit @MostNamed
            """, new { administrator = BuiltInRoles.Administrator, MostNamed }, cancellationToken: ct))).AsList();
    }
}
