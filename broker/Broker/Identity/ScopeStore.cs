using System.Collections.Frozen;
using Dapper;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>SQL of scopes: to which pool an object belongs, and who can give rights. Asked only for callers whose rights end somewhere.</summary>
internal sealed class ScopeStore(Database database)
{
    private const int MostNamed = 3;

    private static readonly FrozenDictionary<string, string> Questions = FrozenDictionary.ToFrozenDictionary(
        new Dictionary<string, string>
        {
            ["pool_id"] = "select from pool where pool_id = @id and pool_id = any(@pools)",
            ["machine_id"] = "select from machine where machine_id = @id and pool_id = any(@pools)",
            ["session_id"] = "select from session where session_id = @id and pool_id = any(@pools)",
            ["rollout_id"] = "select from rollout where rollout_id = @id and pool_id = any(@pools)",
            ["launch_id"] = "select from launch_trace where launch_trace_id = @id and pool_id = any(@pools)",
            ["api_key_id"] = "select from api_key where api_key_id = @id and pool_id = any(@pools)",
            ["assistance_id"] = "select from assistance join session using (session_id) where assistance_id = @id and pool_id = any(@pools)",
        }, StringComparer.Ordinal);

    /// <summary>Names of request fields whose object belongs to a pool.</summary>
    public static IReadOnlyCollection<string> Kinds => Questions.Keys;

    /// <summary>False also when there is no such object: nobody learns from an answer what he may not see.</summary>
    public async Task<bool> IsInAsync(string kind, Guid id, Guid[] pools, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition($"select exists ({Questions[kind]})", new { id, pools }, cancellationToken: ct));
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
                 and u.enabled
            order by u.display_name
               limit @MostNamed
            """, new { administrator = BuiltInRoles.Administrator, MostNamed }, cancellationToken: ct))).AsList();
    }
}
