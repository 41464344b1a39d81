using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>An image version as pages show it.</summary>
internal sealed record ImageRow
{
    public Guid ImageVersionId { get; init; }
    public string Name { get; init; } = "";
    public int Number { get; init; }
    public string State { get; init; } = "";
    public string Path { get; init; } = "";
    public byte[]? Sha256 { get; init; }
    public long? SizeBytes { get; init; }
    public string? Error { get; init; }
    public DateTime PublishedAt { get; init; }
    public string PublishedBy { get; init; } = "";
    public string Source { get; init; } = "";
    public string OperatingSystem { get; init; } = "";
    public string AgentVersion { get; init; } = "";
    public long? VirtualBytes { get; init; }
    public string Note { get; init; } = "";
    public bool Sealed { get; init; }
    public string SealReport { get; init; } = "";
    public long FreedBytes { get; init; }
}

/// <summary>All SQL of the images slice.</summary>
internal sealed class ImageStore(Database database)
{
    // What the disk itself did not tell, a machine made of it does.
    private const string Columns = """
        select image_version_id, name, number, state, path, sha256, size_bytes, error, published_at, published_by, source, virtual_bytes, note, sealed, seal_report, freed_bytes,
               coalesce(nullif(operating_system, ''), (select a.operating_system from machine m join machine_agent a using (machine_id)
                                                        where m.image_version_id = image_version.image_version_id and a.operating_system <> '' limit 1), '') as operating_system,
               coalesce(nullif(agent_version, ''), (select a.agent_version from machine m join machine_agent a using (machine_id)
                                                     where m.image_version_id = image_version.image_version_id and a.agent_version <> '' limit 1), '') as agent_version
          from image_version
        """;

    /// <summary>All versions; whoever may see some pools only sees those of the golden images that the pools are made from, or that lie on hosts of the sites.</summary>
    public async Task<IReadOnlyList<ImageRow>> AllAsync(PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ImageRow>(new CommandDefinition($"""
            {Columns}
             where @Pools::uuid[] is null
                or name in (select i.name from pool p join image_version i using (image_version_id) where p.pool_id = any(@Pools))
                or name in (select i.name from image_copy c join image_version i using (image_version_id) where {PoolScope.IsAtSite("c.host_id")})
             order by name, number desc
            """, new { scope.Pools, scope.Sites }, cancellationToken: ct))).AsList();
    }

    public async Task<ImageRow?> OneAsync(ImageVersionId id, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<ImageRow>(new CommandDefinition($"{Columns} where image_version_id = @id", new { id = id.Value }, cancellationToken: ct));
    }

    /// <summary>True when machines can be made from the version.</summary>
    public async Task<bool> IsReadyAsync(ImageVersionId id, CancellationToken ct) => await OneAsync(id, ct) is { State: "ready" };

    /// <summary>A published version of the same content, if there is one: publishing the same file again makes no second copy.</summary>
    public async Task<ImageRow?> SameContentAsync(string name, byte[] sha256, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QueryFirstOrDefaultAsync<ImageRow>(new CommandDefinition($"{Columns} where name = @name and sha256 = @sha256 and state in ('ready', 'publishing')", new { name, sha256 }, cancellationToken: ct));
    }

    public async Task AddAsync(ImageVersionId id, string name, string path, byte[] sha256, long size, long? virtualBytes, string actor, string address)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            with added as (
                insert into image_version (image_version_id, name, number, state, path, sha256, size_bytes, virtual_bytes, published_by, source)
                     select @id, @name, coalesce(max(number), 0) + 1, 'publishing', @path, @sha256, @size, @virtualBytes, @actor, @path
                       from image_version
                      where name = @name
                  returning image_version_id, name || ' ' || number as label
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'image.publish', 'image', image_version_id, label, @address from added
            """, new { id = id.Value, name, path, sha256, size, virtualBytes, actor, address });
    }

    /// <summary>What came of the copying; a version that was retired meanwhile stays retired.</summary>
    public async Task SetStateAsync(ImageVersionId id, string state, string? error)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            update image_version set state = @state, error = @error where image_version_id = @id and state <> 'retired'
            """, new { id = id.Value, state, error });
    }

    /// <summary>False when a pool or a machine uses it, when it is retired already, or when there is none.</summary>
    public async Task<bool> RetireAsync(ImageVersionId id, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        // INVARIANT: waits for whoever is about to use it, and lets nobody begin; the next statement sees what they did.
        await connection.ExecuteAsync("select from image_version where image_version_id = @id for update", new { id = id.Value }, transaction);
        var retired = await connection.ExecuteAsync("""
            with retired as (
                update image_version i
                   set state = 'retired', error = null, retired_at = now()
                 where i.image_version_id = @id and i.state <> 'retired'
                   and not exists (select from pool p where p.image_version_id = i.image_version_id)
                   and not exists (select from machine m where m.image_version_id = i.image_version_id)
                   and not exists (select from rollout r where r.to_version_id = i.image_version_id and r.ended_at is null)
             returning image_version_id, name || ' ' || number as label
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'image.retire', 'image', image_version_id, label, @source from retired
            """, new { id = id.Value, actor, source }, transaction);
        await transaction.CommitAsync(CancellationToken.None);
        return retired == 1;
    }

    /// <summary>Retired versions whose file may still be in our folder: those of the last day, which covers every restart in between.</summary>
    public async Task<IReadOnlyList<ImageVersionId>> RetiredFilesAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<Guid>(new CommandDefinition("select image_version_id from image_version where state = 'retired' and retired_at > now() - interval '1 day'", cancellationToken: ct))).Select(id => new ImageVersionId(id))];
    }

    /// <summary>Versions whose copy on the host went bad while machines there use it, also when no pool does any more.</summary>
    public async Task<IReadOnlyList<ImageRow>> SpoiltAsync(HostId host, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ImageRow>(new CommandDefinition($"""
            {Columns}
             where state <> 'retired'
               and exists (select from image_copy c where c.image_version_id = image_version.image_version_id and c.host_id = @host and c.state <> 'good')
               and exists (select from machine m where m.image_version_id = image_version.image_version_id and m.host_id = @host)
            """, new { host = host.Value }, cancellationToken: ct))).AsList();
    }

    /// <summary>What somebody wants to remember of a version; false when there is none.</summary>
    public async Task<bool> SetNoteAsync(ImageVersionId id, string note, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with noted as (
                update image_version set note = @note where image_version_id = @id returning image_version_id, name || ' ' || number as label
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'image.note', 'image', image_version_id, label, @source from noted
            """, new { id = id.Value, note, actor, source }) == 1;
    }

    /// <summary>Versions that hosts should have: those being published, also by a broker that was killed, and those that pools are made from.</summary>
    public async Task<IReadOnlyList<ImageRow>> WantedAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ImageRow>(new CommandDefinition($"""
            {Columns}
             where state = 'publishing'
                or (state = 'ready' and exists (select from pool p where p.image_version_id = image_version.image_version_id and not p.deleting))
                or (state = 'ready' and exists (select from rollout r where r.to_version_id = image_version.image_version_id and r.ended_at is null))
             order by image_version_id
            """, cancellationToken: ct))).AsList();
    }

    /// <summary>Machines that waited for this image on this host are made now, not after their back-off.</summary>
    public async Task WakeMachinesAsync(HostId host, ImageVersionId image)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            update operation o
               set next_attempt_at = now()
              from machine m
             where m.machine_id = o.machine_id and m.host_id = @host and m.image_version_id = @image
               and o.state = 'running' and o.reason = any(@reasons) and o.next_attempt_at > now()
            """, new { host = host.Value, image = image.Value, reasons = new[] { nameof(RefusalReason.ImageMissing), nameof(RefusalReason.ImageDamaged) } });
    }
}
