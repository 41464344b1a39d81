using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>Everything was sent: the work on the disk begins. May be repeated.</summary>
internal sealed class FinishImport(ImportStore imports, ImageFolder folder, ProcessImports process)
{
    public async Task<ImportOutcome> RunAsync(Guid id, CancellationToken ct)
    {
        if (await imports.OneAsync(id, ct) is not { } import) return new ImportOutcome.Refused(RefusalReason.NotFound, "import");
        if (import.IsReceiving)
        {
            if (folder.Received(id) is var received && received != import.SizeBytes)
                return new ImportOutcome.Refused(RefusalReason.ImportIncomplete, $"{received} of {import.SizeBytes} bytes are there");
            await using (var file = new FileStream(folder.Part(id), FileMode.Open, FileAccess.ReadWrite)) file.Flush(flushToDisk: true);
            if (await imports.BeginWorkAsync(id)) process.Ring();
        }
        return await imports.OneAsync(id, ct) is { } now ? new ImportOutcome.Stands(now) : new ImportOutcome.Refused(RefusalReason.NotFound, "import");
    }
}

/// <summary>Gives an import up, and its files with it.</summary>
internal sealed class CancelImport(ImportStore imports, ImageFolder folder)
{
    public async Task<ImportOutcome> RunAsync(Guid id, Caller by, CancellationToken ct)
    {
        // Whoever works on it notices at the next report, stops, and removes the files.
        if (await imports.EndAsync(id, ImportState.Cancelled, null, null, by.UserName, by.SourceAddress)) folder.Forget(id);
        return await imports.OneAsync(id, ct) is { } now ? new ImportOutcome.Stands(now) : new ImportOutcome.Refused(RefusalReason.NotFound, "import");
    }
}

/// <summary>Publishes a disk that could not be sealed, with everything of the original machine in it.</summary>
internal sealed class PublishUnsealed(ImportStore imports, ImageFolder folder, ProcessImports process)
{
    public async Task<ImportOutcome> RunAsync(Guid id, Caller by, CancellationToken ct)
    {
        if (!File.Exists(folder.Raw(id)) && !File.Exists(folder.Part(id))) return new ImportOutcome.Refused(RefusalReason.NotFound, "import: its file is not kept any more");
        if (await imports.KeepIdentityAsync(id, by.UserName, by.SourceAddress)) process.Ring();
        return await imports.OneAsync(id, ct) is { } now ? new ImportOutcome.Stands(now) : new ImportOutcome.Refused(RefusalReason.NotFound, "import");
    }
}
