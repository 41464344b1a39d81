using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>What a sealed or kept disk turned out to be.</summary>
internal sealed record DiskFacts(string OperatingSystem, string AgentVersion, long VirtualBytes, bool Sealed, string SealReport);

/// <summary>SQL of imports.</summary>
internal sealed class ImportStore(Database database)
{
    private const string Columns = """
        select image_import_id, kind, name, source, size_bytes, sha256, seal, note, state, step, percent, reason, error, holder, host_id, domain_uuid,
               created_by, created_at, ended_at, image_version_id
          from image_import
        """;

    /// <summary>Records an import; false when as many as may be are open already.</summary>
    public async Task<bool> AddAsync(ImportRow import, int most, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        // Two that begin at once must not both take the last place.
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('image_import'))", transaction: transaction);
        var added = await connection.ExecuteAsync("""
            with added as (
                insert into image_import (image_import_id, kind, name, source, size_bytes, sha256, seal, note, state, step, holder, host_id, domain_uuid, created_by)
                     select @ImageImportId, @Kind, @Name, @Source, @SizeBytes, @Sha256, @Seal, @Note, @State, @Step, @Holder, @HostId, @DomainUuid, @CreatedBy
                      where @most > (select count(*) from image_import where state in ('receiving', 'working'))
                  returning image_import_id, name, kind
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, case kind when 'capture' then 'image.capture' else 'image.import' end, 'image', image_import_id, name, @address from added
            """, new
        {
            import.ImageImportId, import.Kind, import.Name, import.Source, import.SizeBytes, import.Sha256, import.Seal, import.Note, import.State, import.Step, import.Holder,
            import.HostId, import.DomainUuid, import.CreatedBy, most, actor = by.UserName, address = by.SourceAddress,
        }, transaction);
        await transaction.CommitAsync(CancellationToken.None);
        return added == 1;
    }

    public async Task<ImportRow?> OneAsync(Guid import, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<ImportRow>(new CommandDefinition($"{Columns} where image_import_id = @import", new { import }, cancellationToken: ct));
    }

    /// <summary>Those on their way, and those that ended within a week; newest first.</summary>
    public async Task<IReadOnlyList<ImportRow>> RecentAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ImportRow>(new CommandDefinition($"{Columns} where ended_at is null or ended_at > now() - interval '7 days' order by created_at desc limit 200", cancellationToken: ct))).AsList();
    }

    /// <summary>What is still to come of all open uploads to this computer.</summary>
    public async Task<IReadOnlyList<ImportRow>> ReceivingAsync(string holder, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ImportRow>(new CommandDefinition($"{Columns} where state = 'receiving' and holder = @holder", new { holder }, cancellationToken: ct))).AsList();
    }

    /// <summary>All bytes are there: the work begins. False when it had begun before, or the import is over.</summary>
    public async Task<bool> BeginWorkAsync(Guid import)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("update image_import set state = 'working', step = 'hash' where image_import_id = @import and state = 'receiving'", new { import }) == 1;
    }

    /// <summary>The next import that nobody works on; it is ours for a minute, or as long as it is renewed.</summary>
    public async Task<ImportRow?> ClaimAsync(string holder, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var id = await connection.ExecuteScalarAsync<Guid?>(new CommandDefinition("""
               update image_import
                  set claimed_until = now() + interval '1 minute'
                where image_import_id = (select image_import_id from image_import
                                          where state = 'working' and holder = @holder and (claimed_until is null or claimed_until < now())
                                          order by created_at limit 1 for update skip locked)
            returning image_import_id
            """, new { holder }, cancellationToken: ct));
        return id is { } import ? await OneAsync(import, ct) : null;
    }

    /// <summary>Says how far the work is and keeps it ours; false when it was cancelled meanwhile.</summary>
    public async Task<bool> ReportAsync(Guid import, ImportStep step, int percent)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            update image_import set step = @step, percent = @percent, claimed_until = now() + interval '1 minute'
             where image_import_id = @import and state = 'working'
            """, new { import, step = SqlText.Of(step), percent }) == 1;
    }

    /// <summary>Lets the work go, so that it is taken up again at once after a restart.</summary>
    public async Task ReleaseAsync(Guid import)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update image_import set claimed_until = null where image_import_id = @import", new { import });
    }

    /// <summary>Ends an import without an image; false when it was over already.</summary>
    public async Task<bool> EndAsync(Guid import, ImportState state, RefusalReason? reason, string? error, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with ended as (
                update image_import
                   set state = @state, reason = @reason, error = @error, ended_at = now(), claimed_until = null
                 where image_import_id = @import and state in ('receiving', 'working')
             returning image_import_id, name, state, reason
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address)
                 select @actor, 'image.import_' || state, 'image', image_import_id, name, coalesce(reason, state), @source from ended
            """, new { import, state = SqlText.Of(state), reason = reason?.ToString(), error, actor, source }) == 1;
    }

    /// <summary>The disk becomes an image version, with the import's identifier, and the import is done; doing it twice changes nothing.</summary>
    public async Task<bool> PublishAsync(ImportRow import, string path, byte[] sha256, long size, DiskFacts facts)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with done as (
                update image_import
                   set state = 'done', percent = 100, ended_at = now(), claimed_until = null, image_version_id = @id
                 where image_import_id = @id and state = 'working'
             returning name, source, note, created_by
            ), added as (
                insert into image_version (image_version_id, name, number, state, path, sha256, size_bytes, published_by, source, note, virtual_bytes, operating_system, agent_version, sealed, seal_report)
                     select @id, name, (select coalesce(max(number), 0) + 1 from image_version v where v.name = done.name), 'publishing', @path, @sha256, @size,
                            created_by, source, note, @virtualBytes, @operatingSystem, @agentVersion, @isSealed, @sealReport
                       from done
                  returning image_version_id, name || ' ' || number as label, published_by
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name)
                 select published_by, 'image.publish', 'image', image_version_id, label from added
            """, new
        {
            id = import.ImageImportId, path, sha256, size, virtualBytes = facts.VirtualBytes, operatingSystem = facts.OperatingSystem, agentVersion = facts.AgentVersion,
            isSealed = facts.Sealed, sealReport = facts.SealReport,
        }) == 1;
    }

    /// <summary>Forgets imports that ended long ago; answers those whose files must stay.</summary>
    public async Task<IReadOnlySet<Guid>> TidyAsync(TimeSpan kept, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new CommandDefinition("""
            with forgotten as (
                delete from image_import where ended_at < now() - interval '30 days'
            )
            select image_import_id from image_import
             where state in ('receiving', 'working') or (state = 'failed' and reason = @notSealable and ended_at > now() - @kept)
            """, new { kept, notSealable = nameof(RefusalReason.ImageNotSealable) }, cancellationToken: ct))).ToHashSet();
    }

    /// <summary>A disk that could not be sealed is published as it is, because somebody said so; false when there is no such import.</summary>
    public async Task<bool> KeepIdentityAsync(Guid import, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with kept as (
                update image_import set state = 'working', seal = false, reason = null, error = null, ended_at = null
                 where image_import_id = @import and state = 'failed' and reason = @notSealable
             returning image_import_id, name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'image.publish_unsealed', 'image', image_import_id, name, @source from kept
            """, new { import, actor, source, notSealable = nameof(RefusalReason.ImageNotSealable) }) == 1;
    }
}
