using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>What came of a step of an import.</summary>
internal abstract record ImportOutcome
{
    private ImportOutcome() { }

    public sealed record Stands(ImportRow Import) : ImportOutcome;

    public sealed record Refused(RefusalReason Reason, string Detail) : ImportOutcome;
}

/// <summary>What somebody wants to import, as he says.</summary>
internal sealed record WantedImport(string Name, string FileName, long SizeBytes, byte[]? Sha256, string Note, bool Seal);

/// <summary>Opens an upload, when there is room for the file and for what is made of it.</summary>
internal sealed class BeginImport(ImportStore imports, ImageFolder folder, IOptions<ImagesOptions> options, TimeProvider time)
{
    private const long SmallestDisk = 512;

    public async Task<ImportOutcome> RunAsync(WantedImport wanted, Caller by, CancellationToken ct)
    {
        if (wanted.Name is not { Length: >= 1 and <= 80 }) return Invalid("name: 1 to 80 characters");
        if (wanted.FileName is not { Length: >= 1 and <= 255 } || wanted.FileName.Any(char.IsControl)) return Invalid("file_name: 1 to 255 characters");
        if (wanted.SizeBytes < SmallestDisk) return Invalid("size_bytes: the file is too small to be a disk");
        if (wanted.Sha256 is { Length: not 32 }) return Invalid("sha256: 32 bytes, or none");
        if (wanted.Note.Length > 2000) return Invalid("note: at most 2000 characters");

        // What open uploads are still to bring is spoken for; and beside the file stands, for a while, what is made of it.
        var open = await imports.ReceivingAsync(ImageFolder.Holder, ct);
        var free = folder.FreeBytes - open.Sum(o => Math.Max(0, (2 * o.SizeBytes) - folder.Received(o.ImageImportId)));
        var needed = 2 * (decimal)wanted.SizeBytes;
        if (needed > free) return new ImportOutcome.Refused(RefusalReason.StorageFull, $"the broker's disk has {Math.Max(0, free) >> 20} MiB left for images; this one needs {(long)(needed / (1 << 20))} MiB while it is imported");

        var import = new ImportRow
        {
            ImageImportId = Guid.CreateVersion7(time.GetUtcNow()), Kind = "upload", Name = wanted.Name, Source = wanted.FileName, SizeBytes = wanted.SizeBytes, Sha256 = wanted.Sha256,
            Seal = wanted.Seal, Note = wanted.Note, State = "receiving", Holder = ImageFolder.Holder, CreatedBy = by.UserName, CreatedAt = time.GetUtcNow().UtcDateTime,
        };
        return await imports.AddAsync(import, options.Value.OpenUploads, by)
            ? new ImportOutcome.Stands(import)
            : new ImportOutcome.Refused(RefusalReason.TooManyImports, $"{options.Value.OpenUploads} are open");
    }

    private static ImportOutcome.Refused Invalid(string what) => new(RefusalReason.InvalidField, what);
}
