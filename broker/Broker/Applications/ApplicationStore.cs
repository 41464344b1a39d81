using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Applications;

/// <summary>A published application as administrators see it.</summary>
internal sealed record ApplicationRow
{
    public Guid ApplicationId { get; init; }
    public Guid PoolId { get; init; }
    public string Name { get; init; } = "";
    public string Description { get; init; } = "";
    public string Program { get; init; } = "";
    public string Arguments { get; init; } = "";
    public bool Narrowed { get; init; }
    public Guid[] GroupIds { get; init; } = [];
    public string[] GroupNames { get; init; } = [];
    public int Sessions { get; init; }
    public string Icon { get; init; } = "";
}

/// <summary>What an administrator wants to publish.</summary>
internal sealed record WantedApplication(Guid Id, bool IsNew, Guid Pool, string Name, string Description, string Program, string Arguments, bool Narrowed, Guid[] Groups);

/// <summary>All SQL of published applications but for launches, which read them inside their one statement.</summary>
internal sealed class ApplicationStore(Database database)
{
    /// <summary>The applications of a pool, by name; null when there is no such pool.</summary>
    public Task<List<ApplicationRow>?> ListAsync(PoolId pool) => database.RepeatableAsync(async (connection, _) =>
        await connection.ExecuteScalarAsync<bool>("select exists (select from pool where pool_id = @pool)", new { pool })
            ? (List<ApplicationRow>?)(await connection.QueryAsync<ApplicationRow>("""
                select a.application_id, a.pool_id, a.name, a.description, a.program, a.arguments, a.narrowed,
                       array(select group_id from application_group g join app_group o using (group_id) where g.application_id = a.application_id order by lower(o.name))     as group_ids,
                       array(select o.name from application_group g join app_group o using (group_id) where g.application_id = a.application_id order by lower(o.name))       as group_names,
                       (select count(*)::int from session_program p join session s on s.session_id = p.session_id and s.state <> 'ended' where p.application_id = a.application_id and p.ended_at is null) as sessions,
                       coalesce((select encode(i.sha256, 'hex') from application_icon i where i.application_id = a.application_id), '') as icon
                  from application a
                 where a.pool_id = @pool
                 order by lower(a.name)
                """, new { pool })).AsList()
            : null);

    /// <summary>Publishes, or changes what is published; null when it is done, else why not and which field it is about.</summary>
    public async Task<(RefusalReason Reason, string Field)?> PublishAsync(WantedApplication wanted, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        try
        {
            var (pool, groups, kept) = await connection.QuerySingleAsync<(bool, int, bool)>("""
                with target as (
                    select pool_id from pool where pool_id = @Pool and not deleting
                ), known as (
                    select group_id from app_group where group_id = any(@Groups)
                ), fit as (
                    select from target where (select count(*) from known) = cardinality(@Groups)
                ), made as (
                    insert into application (application_id, pool_id, name, description, program, arguments, narrowed)
                         select @Id, @Pool, @Name, @Description, @Program, @Arguments, @Narrowed from fit where @IsNew
                      returning application_id
                ), changed as (
                    update application
                       set name = @Name, description = @Description, program = @Program, arguments = @Arguments, narrowed = @Narrowed
                     where application_id = @Id and pool_id = @Pool and not @IsNew and exists (select from fit)
                 returning application_id
                ), kept as (
                    select application_id from made union all select application_id from changed
                ), left_out as (
                    delete from application_group g using changed where g.application_id = changed.application_id and g.group_id <> all(@Groups)
                ), let_in as (
                    insert into application_group (application_id, group_id) select application_id, group_id from kept cross join known on conflict do nothing
                ), audited as (
                    insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                         select @actor, case when @IsNew then 'application.publish' else 'application.change' end, 'application', application_id, @Name, left(@Program, 200), @source from kept
                )
                select exists (select from target), (select count(*)::int from known), exists (select from kept)
                """, new { wanted.Pool, wanted.Groups, wanted.Id, wanted.Name, wanted.Description, wanted.Program, wanted.Arguments, wanted.Narrowed, wanted.IsNew, actor = by.UserName, source = by.SourceAddress });
            return kept ? null : !pool ? (RefusalReason.PoolUnknown, "pool_id") : groups != wanted.Groups.Length ? (RefusalReason.NotFound, "group_ids") : (RefusalReason.ApplicationUnknown, "application_id");
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return (RefusalReason.NameTaken, "name"); }
    }

    /// <summary>Sets or, with null, takes away the picture. False: there is no such application in that pool.</summary>
    public async Task<bool> SetIconAsync(PoolId pool, Guid application, byte[]? png, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<bool>("""
            with one as (
                select application_id, name from application where application_id = @application and pool_id = @pool
            ), kept as (
                insert into application_icon (application_id, sha256, png) select application_id, sha256(@png), @png from one where @png::bytea is not null
                on conflict (application_id) do update set sha256 = excluded.sha256, png = excluded.png
            ), gone as (
                delete from application_icon where application_id = (select application_id from one) and @png::bytea is null
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                     select @actor, 'application.icon', 'application', application_id, name, coalesce(encode(sha256(@png::bytea), 'hex'), ''), @source from one
            )
            select exists (select from one)
            """, new { pool, application, png, actor = by.UserName, source = by.SourceAddress });
    }

    /// <summary>Null: there is no such application in that pool, or it has no picture.</summary>
    public Task<byte[]?> IconAsync(PoolId pool, Guid application) => database.RepeatableAsync((connection, _) => connection.QuerySingleOrDefaultAsync<byte[]>(
        "select i.png from application_icon i join application a using (application_id) where a.application_id = @application and a.pool_id = @pool", new { pool, application }));

    /// <summary>False: there is no such application in that pool. Sessions of it go on.</summary>
    public async Task<bool> RemoveAsync(PoolId pool, Guid application, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync("""
            with gone as (
                delete from application where application_id = @application and pool_id = @pool returning application_id, name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'application.remove', 'application', application_id, name, @source from gone
            """, new { pool, application, actor = by.UserName, source = by.SourceAddress }) > 0;
    }
}
