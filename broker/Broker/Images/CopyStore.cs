using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>How the copy of an image version on a host stands.</summary>
internal enum CopyState { Good = 1, Damaged, Missing }

/// <summary>A copy as it is recorded.</summary>
internal sealed record CopyRow
{
    public Guid ImageVersionId { get; init; }
    public Guid HostId { get; init; }
    public string HostName { get; init; } = "";
    public string State { get; init; } = "";
    public DateTime StateSince { get; init; }
    public DateTime? CheckedAt { get; init; }
    public bool CheckWanted { get; init; }
}

/// <summary>A running state of an image version on a host (ADR 43).</summary>
internal sealed record StateRow
{
    public Guid ImageVersionId { get; init; }
    public Guid HostId { get; init; }
    public int Cpus { get; init; }
    public int MemoryMib { get; init; }
    public string State { get; init; } = "";
    public DateTime StateSince { get; init; }
    public string Error { get; init; } = "";
}

/// <summary>SQL of the copies that hosts have of image versions.</summary>
internal sealed class CopyStore(Database database)
{
    public async Task<IReadOnlyList<CopyRow>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<CopyRow>(new CommandDefinition("""
            select c.image_version_id, c.host_id, h.name as host_name, c.state, c.state_since, c.checked_at, c.check_wanted
              from image_copy c join host h using (host_id)
             order by h.name
            """, cancellationToken: ct))).AsList();
    }

    /// <summary>What machines of instant pools are started from, those that are used first.</summary>
    public async Task<IReadOnlyList<StateRow>> RunningStatesAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<StateRow>(new CommandDefinition("""
            select image_version_id, host_id, cpus, memory_mib, state, state_since, coalesce(error, '') as error
              from running_state
             order by cpus, memory_mib, state_since desc
            """, cancellationToken: ct))).AsList();
    }

    /// <summary>Null where nothing is known yet.</summary>
    public async Task<CopyState?> StateAsync(HostId host, ImageVersionId image, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return SqlText.ParseOrNull<CopyState>(await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            "select state from image_copy where host_id = @host and image_version_id = @image", new { host = host.Value, image = image.Value }, cancellationToken: ct)));
    }

    /// <summary>The hash was read from the host and is the right one; or the copy was just brought.</summary>
    public async Task SetGoodAsync(HostId host, ImageVersionId image)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            insert into image_copy as c (image_version_id, host_id, state, checked_at)
                 select image_version_id, host_id, 'good', now() from image_version, host where image_version_id = @image and host_id = @host
            on conflict (image_version_id, host_id) do update
                    set state_since = case when c.state = 'good' then c.state_since else now() end, state = 'good', checked_at = now(), check_wanted = false
            """, new { image = image.Value, host = host.Value });
    }

    /// <summary>A copy turned out damaged or missing; true when that is news.</summary>
    public async Task<bool> SetBadAsync(HostId host, ImageVersionId image, CopyState state)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with bad as (
                insert into image_copy as c (image_version_id, host_id, state)
                     select image_version_id, host_id, @state from image_version, host where image_version_id = @image and host_id = @host
                on conflict (image_version_id, host_id) do update
                        set state = @state, state_since = now(), check_wanted = false
                      where c.state <> @state
                  returning image_version_id, host_id, state
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
                 select 'broker', 'image.copy_' || bad.state, 'image', image_version_id, i.name || ' ' || i.number || ' @ ' || h.name, bad.state
                   from bad join image_version i using (image_version_id) join host h using (host_id)
            """, new { image = image.Value, host = host.Value, state = SqlText.Of(state) }) == 1;
    }

    /// <summary>Somebody wants every copy read now; false when there is no such image, or no host has it.</summary>
    public async Task<bool> WantCheckAsync(ImageVersionId image, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with wanted as (
                update image_copy set check_wanted = true where image_version_id = @image returning image_version_id
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select distinct @actor, 'image.check', 'image', image_version_id, i.name || ' ' || i.number, @source
                   from wanted join image_version i using (image_version_id)
            """, new { image = image.Value, actor, source }) == 1;
    }

    /// <summary>The copy whose hash is to be read next: one that somebody asked for, else the one that was read longest ago.</summary>
    public async Task<(CopyRow Copy, byte[] Sha256)?> DueAsync(TimeSpan every, IReadOnlyCollection<Guid> away, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var row = await connection.QueryFirstOrDefaultAsync<DueRow>(new CommandDefinition("""
            select c.image_version_id, c.host_id, h.name as host_name, c.state, c.state_since, c.checked_at, c.check_wanted, i.sha256
              from image_copy c join image_version i using (image_version_id) join host h using (host_id)
             where c.state = 'good' and i.state <> 'retired' and i.sha256 is not null and c.host_id <> all(@away)
               and (c.check_wanted or c.checked_at is null or c.checked_at < now() - @every)
             order by c.check_wanted desc, c.checked_at nulls first
             limit 1
            """, new { every, away = away.ToArray() }, cancellationToken: ct));
        return row is null ? null : (row.Copy, row.Sha256);
    }

    /// <summary>Copies of retired versions that no machine is made from: their files may go.</summary>
    public async Task<IReadOnlyList<(HostId Host, ImageVersionId Image)>> UnneededAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<(Guid Host, Guid Image)>(new CommandDefinition("""
            select c.host_id, c.image_version_id
              from image_copy c join image_version i using (image_version_id)
             where i.state = 'retired'
               and not exists (select from machine m where m.image_version_id = c.image_version_id)
            """, cancellationToken: ct))).Select(row => (new HostId(row.Host), new ImageVersionId(row.Image)))];
    }

    /// <summary>The file is gone from the host.</summary>
    public async Task RemoveAsync(HostId host, ImageVersionId image, long freed)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            with removed as (
                delete from image_copy where image_version_id = @image and host_id = @host returning image_version_id
            )
            update image_version i set freed_bytes = freed_bytes + @freed from removed where i.image_version_id = removed.image_version_id
            """, new { image = image.Value, host = host.Value, freed });
    }

    private sealed record DueRow
    {
        public Guid ImageVersionId { get; init; }
        public Guid HostId { get; init; }
        public string HostName { get; init; } = "";
        public byte[] Sha256 { get; init; } = [];

        public CopyRow Copy => new() { ImageVersionId = ImageVersionId, HostId = HostId, HostName = HostName };
    }
}
