using Dapper;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Sites;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Pools;

/// <summary>A pool as pages show it, with counts.</summary>
internal sealed record PoolRow
{
    public Guid PoolId { get; init; }
    public string Name { get; init; } = "";
    public string Description { get; init; } = "";
    public string Kind { get; init; } = "";
    public int Size { get; init; }
    public bool Enabled { get; init; }
    public Guid? ImageVersionId { get; init; }
    public string? ImageName { get; init; }
    public int Cpus { get; init; }
    public int MemoryMib { get; init; }
    public string Hosts { get; init; } = "";
    public string Placement { get; init; } = "breadth";
    public int? MostPerHost { get; init; }
    public string MachineNamePattern { get; init; } = "";
    public string BlockedFeatures { get; init; } = "";
    public bool RdGatewayEndToEnd { get; init; }
    public bool Instant { get; init; }
    public int? Spare { get; init; }
    public bool SparePercent { get; init; }
    public int? IdleMinutes { get; init; }
    public int? DisconnectedMinutes { get; init; }
    public int? EmptyMinutes { get; init; }
    public string AfterLogOff { get; init; } = "";
    public string MessageOfTheDay { get; init; } = "";
    public string WayIn { get; init; } = "";
    public int? MostSessions { get; init; }
    public string RightLost { get; init; } = "";
    public string CardRemoval { get; init; } = "";
    public int Machines { get; init; }
    public int Available { get; init; }
    public int InUse { get; init; }
    public int Provisioning { get; init; }
    public int Faulted { get; init; }
    public int Waiting { get; init; }
    public int Sessions { get; init; }
    public int? SessionsPerMachine { get; init; }
    public string Distribution { get; init; } = "breadth";
    public int RenewHours { get; init; }
    public int Seats { get; init; }
    public string? Trouble { get; init; }
    public string? TroubleDetail { get; init; }
    public Guid? SiteId { get; init; }
    public string? SiteName { get; init; }
}

/// <summary>What an administrator asks for when making a pool.</summary>
internal sealed record NewPool(
    PoolId Id, string Name, string Description, PoolKind Kind, int Size, ImageVersionId? Image, int Cpus, int MemoryMib, string NamePattern, string[] BlockedFeatures,
    bool RdGatewayEndToEnd, SpareSetting Spare, PlacementSetting Placement, PoolRules Rules, PoolSharing Sharing)
{
    /// <summary>Null: of no site.</summary>
    public Guid? Site { get; init; }
}

/// <summary>What an administrator changes; null leaves a value as it is.</summary>
internal sealed record PoolEdit(string? Name, string? Description, int? Size, bool? Enabled, string[]? BlockedFeatures = null, bool? RdGatewayEndToEnd = null, SpareSetting? Spare = null, PlacementOrder? Order = null, int? MostPerHost = null, IReadOnlyList<HostId>? Hosts = null)
{
    /// <summary>Whether machines are started from a running state.</summary>
    public bool? Instant { get; init; }

    /// <summary>From which site to which; null leaves the pool where it is. It is moved only if it is still there.</summary>
    public SiteMove? Site { get; init; }

    public PoolRules Rules { get; init; } = PoolRules.Unchanged;
    public PoolSharing Sharing { get; init; } = PoolSharing.Unchanged;
}

/// <summary>A pool goes from one site, or none, to another, or none.</summary>
internal sealed record SiteMove(Guid? From, Guid? To);

/// <summary>A pool's spare as it is recorded; no value: always as many as it may have.</summary>
internal sealed record SpareSetting(int? Value, bool Percent);

/// <summary>On which hosts a pool's machines may be, in which order, and how many of them on one host; null for any number.</summary>
internal sealed record PlacementSetting(IReadOnlyList<HostId> Hosts, PlacementOrder Order, int? MostPerHost);

/// <summary>All SQL of the pools slice.</summary>
internal sealed class PoolAdminStore(Database database)
{
    private const string Columns = """
        select p.pool_id, p.name, p.description, p.kind, p.size, p.enabled, p.image_version_id, i.name || ' ' || i.number as image_name,
               p.cpus, p.memory_mib, p.machine_name_pattern, p.placement, p.most_per_host, p.site_id, (select l.name from site l where l.site_id = p.site_id) as site_name,
               coalesce((select string_agg(h.host_id || ' ' || h.name, E'\n' order by h.name) from pool_host ph join host h using (host_id) where ph.pool_id = p.pool_id), '') as hosts,
               array_to_string(p.blocked_features, ',') as blocked_features, p.rd_gateway_end_to_end, p.instant, p.spare, p.spare_percent,
               p.idle_minutes, p.disconnected_minutes, p.empty_minutes, p.after_log_off, p.message_of_the_day, p.way_in, p.most_sessions, p.right_lost, p.card_removal,
               p.sessions_per_machine, p.distribution, p.renew_hours, coalesce(p.sessions_per_machine * c.taking, 0) as seats,
               coalesce(c.machines, 0) as machines, coalesce(c.available, 0) as available, coalesce(c.in_use, 0) as in_use,
               coalesce(c.provisioning, 0) as provisioning, coalesce(c.faulted, 0) as faulted,
               (select count(*)::int from launch_request r where r.pool_id = p.pool_id and r.seen_at > now() - interval '15 seconds') as waiting,
               (select count(*)::int from session s where s.pool_id = p.pool_id and s.state <> 'ended' and not s.synthetic) as sessions,
               case when p.creation_held_until > now() then 'CreationThrottled' else coalesce(t.reason, p.placement_reason) end as trouble,
               case when p.creation_held_until > now() then p.creation_error when t.reason is null then p.placement_detail else t.error end as trouble_detail
          from pool p
          left join image_version i using (image_version_id)
          left join lateral (select count(*)::int as machines,
                            count(*) filter (where state = 'available' and drain_since is null)::int as available,
                            count(*) filter (where state in ('reserved', 'in_use'))::int as in_use,
                            count(*) filter (where state in ('available', 'reserved', 'in_use') and drain_since is null and canary_of is null)::int as taking,
                            count(*) filter (where state = 'provisioning')::int as provisioning,
                            count(*) filter (where state in ('faulted', 'unreachable'))::int as faulted
                       from machine m where m.pool_id = p.pool_id) c on true
          left join lateral (select o.reason, o.error
                               from operation o join machine m using (machine_id)
                              where m.pool_id = p.pool_id and o.reason is not null
                                and (o.state = 'running' or (o.state = 'failed' and m.state = 'faulted'))
                              order by o.step_since desc limit 1) t on true
        """;

    public async Task<IReadOnlyList<PoolRow>> AllAsync(PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<PoolRow>(new CommandDefinition($"{Columns} where not p.deleting and (@Pools::uuid[] is null or p.pool_id = any(@Pools)) order by p.name", new { scope.Pools }, commandTimeout: 30, cancellationToken: ct))).AsList();
    }

    public async Task<PoolRow?> OneAsync(PoolId pool, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<PoolRow>(new CommandDefinition($"{Columns} where p.pool_id = @pool and not p.deleting", new { pool = pool.Value }, cancellationToken: ct));
    }

    /// <summary>Makes a pool. Answers what stood in the way, or null.</summary>
    public async Task<(RefusalReason Reason, string Field)?> CreateAsync(NewPool pool, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        try
        {
            await connection.ExecuteAsync("""
                with made as (
                    insert into pool (pool_id, name, description, kind, size, image_version_id, cpus, memory_mib, machine_name_pattern, blocked_features, rd_gateway_end_to_end, spare, spare_percent, placement, most_per_host,
                                      idle_minutes, disconnected_minutes, empty_minutes, log_off_action, message_of_the_day, way_in, most_sessions, right_lost, card_removal,
                                      sessions_per_machine, distribution, renew_hours, site_id)
                         values (@id, @name, @description, @kind, @size, @image, @cpus, @memory, @pattern, @blocked, @endToEnd, @spare, @sparePercent, @placement, @mostPerHost,
                                 nullif(@IdleMinutes::int, 0), nullif(@DisconnectedMinutes::int, 0), nullif(@EmptyMinutes::int, 0), @logOffAction,
                                 coalesce(@MessageOfTheDay::text, ''), coalesce(@WayIn::text, 'client'), nullif(@MostSessions::int, 0), coalesce(@RightLost::text, 'disconnect'), coalesce(@CardRemoval::text, 'nothing'),
                                 @seats, @distribution, @renewHours, @Site)
                      returning pool_id, name, blocked_features, rd_gateway_end_to_end
                ), placed as (
                    insert into pool_host (pool_id, host_id) select pool_id, host_id from made, unnest(@hosts) host_id
                ), told as (
                    select 'pool.create' as action from made
                    union all
                    select 'pool.block.' || feature from made, unnest(blocked_features) feature
                    union all
                    select 'pool.end_to_end' from made where rd_gateway_end_to_end
                )
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, action, 'pool', pool_id, name, @source from made, told
                """, new
            {
                id = pool.Id.Value, name = pool.Name, description = pool.Description, kind = SqlText.Of(pool.Kind), size = pool.Size, image = pool.Image?.Value,
                hosts = pool.Placement.Hosts.Select(h => h.Value).ToArray(), placement = SqlText.Of(pool.Placement.Order), mostPerHost = pool.Placement.MostPerHost,
                cpus = pool.Cpus, memory = pool.MemoryMib, pattern = pool.NamePattern, blocked = pool.BlockedFeatures, endToEnd = pool.RdGatewayEndToEnd,
                spare = pool.Spare.Value, sparePercent = pool.Spare.Percent, actor, source,
                pool.Rules.IdleMinutes, pool.Rules.DisconnectedMinutes, pool.Rules.EmptyMinutes, pool.Rules.MessageOfTheDay, pool.Rules.WayIn, pool.Rules.MostSessions, pool.Rules.RightLost, pool.Rules.CardRemoval, logOffAction = SqlText.Of(pool.Rules.AfterLogOff!.Value),
                seats = pool.Sharing.Seats, distribution = SqlText.Of(pool.Sharing.Distribution!.Value), renewHours = pool.Sharing.RenewHours, pool.Site,
            });
            return null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return (RefusalReason.NameTaken, "name"); }
        catch (PostgresException e) when (e.ConstraintName == SiteStore.Constraint) { return (RefusalReason.HostOfOtherSite, e.MessageText); }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return (RefusalReason.NotFound, e.ConstraintName switch { "pool_site_id_fkey" => "site_id", { } name when name.Contains("image", StringComparison.Ordinal) => "image_version_id", _ => "host_ids" });
        }
    }

    /// <summary>Changes a pool. Answers what stood in the way, or null.</summary>
    public async Task<(RefusalReason Reason, string Field)?> UpdateAsync(PoolId pool, PoolEdit edit, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        try
        {
            var changed = await connection.ExecuteAsync("""
                with before as materialized (
                    select pool_id, blocked_features, rd_gateway_end_to_end, (idle_minutes, disconnected_minutes, empty_minutes, after_log_off, message_of_the_day, way_in, most_sessions, right_lost, card_removal, sessions_per_machine, distribution, renew_hours)::text as rules from pool where pool_id = @pool and not deleting and (not @setSite or site_id is not distinct from @siteFrom) for update
                ), changed as (
                    update pool
                       set name = coalesce(@Name, name), description = coalesce(@Description, description), size = coalesce(@Size, size),
                           enabled = coalesce(@Enabled, enabled),
                           blocked_features = coalesce(@BlockedFeatures::text[], blocked_features),
                           rd_gateway_end_to_end = coalesce(@RdGatewayEndToEnd, rd_gateway_end_to_end), instant = coalesce(@Instant, instant),
                           -- Whatever kept failing may be mended by this change: it is tried at once.
                           creation_failures = 0, creation_held_until = null, creation_error = null,
                           spare = case when @setSpare then @spare else spare end, spare_percent = case when @setSpare then @sparePercent else spare_percent end,
                           placement = coalesce(@placement::text, placement), most_per_host = case when @MostPerHost = 0 then null else coalesce(@MostPerHost, most_per_host) end,
                           idle_minutes = nullif(coalesce(@IdleMinutes, idle_minutes), 0), disconnected_minutes = nullif(coalesce(@DisconnectedMinutes, disconnected_minutes), 0),
                           empty_minutes = nullif(coalesce(@EmptyMinutes, empty_minutes), 0), log_off_action = coalesce(@logOffAction::text, log_off_action),
                           message_of_the_day = coalesce(@MessageOfTheDay::text, message_of_the_day), way_in = coalesce(@WayIn::text, way_in), most_sessions = nullif(coalesce(@MostSessions, most_sessions), 0), right_lost = coalesce(@RightLost::text, right_lost), card_removal = coalesce(@CardRemoval::text, card_removal),
                           site_id = case when @setSite then @site else site_id end,
                           sessions_per_machine = coalesce(@seats, sessions_per_machine), distribution = coalesce(@distribution::text, distribution), renew_hours = coalesce(@renewHours, renew_hours)
                     where pool_id = (select pool_id from before)
                 returning pool_id, name, blocked_features, rd_gateway_end_to_end, (idle_minutes, disconnected_minutes, empty_minutes, after_log_off, message_of_the_day, way_in, most_sessions, right_lost, card_removal, sessions_per_machine, distribution, renew_hours)::text as rules
                ), dropped as (
                    delete from pool_host ph using changed where ph.pool_id = changed.pool_id and ph.host_id <> all(@hosts::uuid[])
                ), placed as (
                    insert into pool_host (pool_id, host_id) select pool_id, host_id from changed, unnest(@hosts::uuid[]) host_id on conflict do nothing
                ), told as (
                    select 'pool.update' as action from changed
                    union all
                    (select 'pool.block.' || unnest(blocked_features) from changed except select 'pool.block.' || unnest(blocked_features) from before)
                    union all
                    (select 'pool.allow.' || unnest(blocked_features) from before except select 'pool.allow.' || unnest(blocked_features) from changed)
                    union all
                    select case when c.rd_gateway_end_to_end then 'pool.end_to_end' else 'pool.end_at_gateway' end
                      from changed c join before b using (pool_id) where c.rd_gateway_end_to_end <> b.rd_gateway_end_to_end
                    union all
                    select 'pool.site' from changed where @setSite and @site is distinct from @siteFrom
                    union all
                    select 'pool.session_rules' from changed c join before b using (pool_id) where c.rules <> b.rules
                )
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, action, 'pool', pool_id, name, @source from changed, told
                """, new
            {
                pool = pool.Value, edit.Name, edit.Description, edit.Size, edit.Enabled, edit.BlockedFeatures, edit.RdGatewayEndToEnd, edit.Instant,
                hosts = edit.Hosts?.Select(h => h.Value).ToArray(), placement = edit.Order is { } order ? SqlText.Of(order) : null, edit.MostPerHost,
                setSpare = edit.Spare is not null, spare = edit.Spare?.Value, sparePercent = edit.Spare?.Percent ?? false, actor, source,
                edit.Rules.IdleMinutes, edit.Rules.DisconnectedMinutes, edit.Rules.EmptyMinutes, edit.Rules.MessageOfTheDay, edit.Rules.WayIn, edit.Rules.MostSessions, edit.Rules.RightLost, edit.Rules.CardRemoval, logOffAction = edit.Rules.AfterLogOff is { } action ? SqlText.Of(action) : null,
                seats = edit.Sharing.Seats, distribution = edit.Sharing.Distribution is { } spread ? SqlText.Of(spread) : null, renewHours = edit.Sharing.RenewHours,
                setSite = edit.Site is not null, siteFrom = edit.Site?.From, site = edit.Site?.To,
            });
            return changed > 0 ? null : (RefusalReason.NotFound, "pool");
        }
        catch (PostgresException e) when (e.ConstraintName == "pool_instant_ck") { throw Refusal.Refused(RefusalReason.InvalidField, "instant: only machines of a floating pool can be started from a running state"); }
        catch (PostgresException e) when (e.ConstraintName == "pool_sessions_per_machine_ck") { throw PoolSharing.Unfit(); }
        catch (PostgresException e) when (e.ConstraintName == "pool_log_off_fits_kind_ck") { throw PoolRules.Unfit(); }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return (RefusalReason.NameTaken, "name"); }
        catch (PostgresException e) when (e.ConstraintName == SiteStore.Constraint) { return (RefusalReason.HostOfOtherSite, e.MessageText); }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation) { return (RefusalReason.NotFound, e.ConstraintName is "pool_site_id_fkey" ? "site_id" : "host_ids"); }
    }

    /// <summary>Marks a pool for deletion; its machines go first. Answers what stood in the way, or null.</summary>
    public async Task<RefusalReason?> DeleteAsync(PoolId pool, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var row = await connection.QuerySingleAsync<(bool There, bool Marked)>("""
            with seen as materialized (
                select pool_id from pool where pool_id = @pool and not deleting for update
            ), marked as (
                update pool p
                   set deleting = true, enabled = false
                 where p.pool_id = @pool and not p.deleting
                   and not exists (select from session s where s.pool_id = p.pool_id and s.state <> 'ended')
             returning p.pool_id, p.name
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, 'pool.delete', 'pool', pool_id, name, @source from marked
            )
            select exists (select from seen), exists (select from marked)
            """, new { pool = pool.Value, actor, source });
        return row switch { { There: false } => RefusalReason.NotFound, { Marked: false } => RefusalReason.InUse, _ => null };
    }
}
