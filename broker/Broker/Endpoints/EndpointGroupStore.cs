using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Endpoints;

/// <summary>Endpoints by their networks, as pages show them.</summary>
internal sealed record EndpointGroupRow
{
    public Guid EndpointGroupId { get; init; }
    public string Name { get; init; } = "";
    public string Description { get; init; } = "";
    public string[] Networks { get; init; } = [];
    public int Sessions { get; init; }
    public int Grants { get; init; }
}

/// <summary>SQL of groups of endpoints. Every change writes its audit row in the same statement.</summary>
internal sealed class EndpointGroupStore(Database database)
{
    // A key that has expired keeps nothing: it goes with its endpoints.
    private const string Held = """
        (select count(*)::int from role_grant g where g.scope_endpoint_group_id = e.endpoint_group_id) + (select count(*)::int from api_key k where k.scope_endpoint_group_id = e.endpoint_group_id and k.expires_at > now())
        """;

    /// <summary>By name.</summary>
    public async Task<IReadOnlyList<EndpointGroupRow>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<EndpointGroupRow>(new CommandDefinition(
            $"""
              with open as materialized (
                   select inet_of({PoolScope.AddressOf("s.session_id")}) as address
                     from session s
                    where s.state <> 'ended'
                      and not s.synthetic)
            select e.endpoint_group_id, e.name, e.description, e.networks::text[] as networks,
                   (select count(*)::int from open where open.address <<= any(e.networks::inet[])) as sessions, {Held} as grants
              from endpoint_group e
            order by lower(e.name)
            """, cancellationToken: ct))).AsList();
    }

    /// <summary>False when the name is taken.</summary>
    public async Task<bool> MakeAsync(Guid group, string name, string description, string[] networks, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with made as (
                   insert into endpoint_group (endpoint_group_id, name, description, networks)
                   values (@group, @name, @description, @networks::cidr[])
              on conflict (lower(name)) do nothing
                returning endpoint_group_id, name, networks)
            insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
            select @actor, 'endpoints.make', 'endpoint_group', endpoint_group_id, name, array_to_string(networks, ' '), @SourceAddress
              from made
            """, new { group, name, description, networks, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <summary>Why not, or null.</summary>
    public async Task<RefusalReason?> ChangeAsync(Guid group, string name, string description, string[] networks, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        try
        {
            return await connection.ExecuteAsync(
                """
                  with changed as (
                       update endpoint_group
                          set name = @name, description = @description, networks = @networks::cidr[]
                        where endpoint_group_id = @group
                    returning endpoint_group_id, name, networks)
                insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                select @actor, 'endpoints.change', 'endpoint_group', endpoint_group_id, name, array_to_string(networks, ' '), @SourceAddress
                  from changed
                """, new { group, name, description, networks, actor = by.UserName, by.SourceAddress }) == 1 ? null : RefusalReason.NotFound;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return RefusalReason.NameTaken; }
    }

    /// <summary>True when it is gone now; false while a role or a key is good over it, or when it is unknown.</summary>
    public async Task<bool> DeleteAsync(Guid group, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        try
        {
            return await connection.ExecuteAsync(
                $"""
                  with gone as (
                       delete from endpoint_group e
                        where e.endpoint_group_id = @group
                          and {Held} = 0
                    returning e.endpoint_group_id, e.name)
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                select @actor, 'endpoints.delete', 'endpoint_group', endpoint_group_id, name, @SourceAddress
                  from gone
                """, new { group, actor = by.UserName, by.SourceAddress }) == 1;
        }
        // The key of a grant that was given meanwhile.
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation) { return false; }
    }
}
