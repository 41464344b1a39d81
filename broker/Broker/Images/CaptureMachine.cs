using Dapper;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>A machine of a host, as one that an image could be taken from.</summary>
internal sealed record CapturableMachine(Guid Domain, string Name, bool Running, int Disks, string? Pool);

/// <summary>Begins to take an image of the disk of a machine that is off; the fetching is a step of the import.</summary>
internal sealed class CaptureMachine(Database database, HypervisorDirectory hosts, ImportStore imports, ImageFolder folder, ProcessImports process, IOptions<ImagesOptions> options, TimeProvider time)
{
    public async Task<IReadOnlyList<CapturableMachine>> SourcesAsync(HostId host, CancellationToken ct)
    {
        var found = await hosts.For(host).ListCaptureSourcesAsync(ct);
        await using var connection = await database.OpenConnectionAsync(ct);
        var ours = (await connection.QueryAsync<(Guid Machine, string Pool)>(new CommandDefinition(
            "select m.machine_id, p.name from machine m join pool p using (pool_id) where m.machine_id = any(@ids)", new { ids = found.Select(f => f.Domain).ToArray() }, cancellationToken: ct))).ToDictionary(m => m.Machine, m => m.Pool);
        return [.. found.Select(f => new CapturableMachine(f.Domain, f.Name, f.Running, f.Disks, ours.GetValueOrDefault(f.Domain)))];
    }

    public async Task<ImportOutcome> RunAsync(HostId host, Guid domain, string name, string note, bool seal, Caller by, CancellationToken ct)
    {
        if (name is not { Length: >= 1 and <= 80 }) return new ImportOutcome.Refused(RefusalReason.InvalidField, "name: 1 to 80 characters");
        if (note.Length > 2000) return new ImportOutcome.Refused(RefusalReason.InvalidField, "note: at most 2000 characters");
        CapturableMachine? source;
        try { source = (await SourcesAsync(host, ct)).FirstOrDefault(s => s.Domain == domain); }
        catch (Exception e) when (e is HypervisorUnavailableException or LibvirtException) { return new ImportOutcome.Refused(RefusalReason.HostUnavailable, e.Message); }
        if (source is null) return new ImportOutcome.Refused(RefusalReason.NotFound, "domain_uuid");
        if (source.Running) return new ImportOutcome.Refused(RefusalReason.MachineRunning, source.Name);
        if (source.Disks != 1) return new ImportOutcome.Refused(RefusalReason.NotSupported, $"{source.Name} has {source.Disks} disks; a machine with one can be captured");
        if (folder.FreeBytes == 0) return new ImportOutcome.Refused(RefusalReason.StorageFull, "the broker's disk has no room left for images");
        var import = new ImportRow
        {
            ImageImportId = Guid.CreateVersion7(time.GetUtcNow()), Kind = "capture", Name = name, Source = source.Name, Seal = seal, Note = note, State = "working", Step = "fetch",
            Holder = ImageFolder.Holder, HostId = host.Value, DomainUuid = domain, CreatedBy = by.UserName, CreatedAt = time.GetUtcNow().UtcDateTime,
        };
        if (!await imports.AddAsync(import, options.Value.OpenUploads, by)) return new ImportOutcome.Refused(RefusalReason.TooManyImports, $"{options.Value.OpenUploads} are open");
        process.Ring();
        return new ImportOutcome.Stands(import);
    }
}
