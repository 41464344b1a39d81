using Dapper;
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
}

/// <summary>All SQL of the images slice.</summary>
internal sealed class ImageStore(Database database)
{
    private const string Columns =
        "select image_version_id, name, number, state, path, sha256, size_bytes, error, published_at from image_version";

    public async Task<IReadOnlyList<ImageRow>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ImageRow>(new CommandDefinition($"{Columns} order by name, number desc", cancellationToken: ct))).AsList();
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

    public async Task AddAsync(ImageVersionId id, string name, string path, byte[] sha256, long size, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            with added as (
                insert into image_version (image_version_id, name, number, state, path, sha256, size_bytes)
                     select @id, @name, coalesce(max(number), 0) + 1, 'publishing', @path, @sha256, @size
                       from image_version
                      where name = @name
                  returning image_version_id, name || ' ' || number as label
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'image.publish', 'image', image_version_id, label, @source from added
            """, new { id = id.Value, name, path, sha256, size, actor, source });
    }

    /// <summary>What came of the copying; a version that was retired meanwhile stays retired.</summary>
    public async Task SetStateAsync(ImageVersionId id, string state, string? error)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            update image_version set state = @state, error = @error where image_version_id = @id and state <> 'retired'
            """, new { id = id.Value, state, error });
    }

    /// <summary>False when a pool uses it, when it is retired already, or when there is none.</summary>
    public async Task<bool> RetireAsync(ImageVersionId id, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with retired as (
                update image_version i
                   set state = 'retired', error = null
                 where i.image_version_id = @id and i.state <> 'retired'
                   and not exists (select from pool p where p.image_version_id = i.image_version_id)
                   and not exists (select from rollout r where r.to_version_id = i.image_version_id and r.ended_at is null)
             returning image_version_id, name || ' ' || number as label
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'image.retire', 'image', image_version_id, label, @source from retired
            """, new { id = id.Value, actor, source }) == 1;
    }

    /// <summary>Versions that hosts should have: those being published, also by a broker that was killed, and those that pools are made from.</summary>
    public async Task<IReadOnlyList<ImageRow>> WantedAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ImageRow>(new CommandDefinition($"""
            {Columns} i
             where state = 'publishing'
                or (state = 'ready' and exists (select from pool p where p.image_version_id = i.image_version_id and not p.deleting))
                or (state = 'ready' and exists (select from rollout r where r.to_version_id = i.image_version_id and r.ended_at is null))
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
               and o.state = 'running' and o.step = 'overlay' and o.reason = @missing and o.next_attempt_at > now()
            """, new { host = host.Value, image = image.Value, missing = nameof(RefusalReason.ImageMissing) });
    }
}
