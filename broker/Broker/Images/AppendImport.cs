using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>
/// Adds the next piece of an upload to its file. The file's length is the only record of how much is there, so that a broker
/// that is killed between two pieces, or in one, goes on from what the disk really has.
/// </summary>
internal sealed class AppendImport(ImportStore imports, ImageFolder folder)
{
    /// <summary>Most bytes in a piece; base64 over REST still fits a message.</summary>
    public const int LongestPiece = 512 * 1024;

    public async Task<ImportOutcome> RunAsync(Guid id, long offset, ReadOnlyMemory<byte> piece, CancellationToken ct)
    {
        if (piece.Length is 0 or > LongestPiece) return new ImportOutcome.Refused(RefusalReason.InvalidField, $"data: 1 to {LongestPiece} bytes");
        if (await imports.OneAsync(id, ct) is not { } import) return new ImportOutcome.Refused(RefusalReason.NotFound, "import");
        if (!import.IsReceiving) return new ImportOutcome.Stands(import);
        if (import.Holder != ImageFolder.Holder) return new ImportOutcome.Refused(RefusalReason.NotFound, $"import: it goes to the broker on {import.Holder}");
        if (offset + piece.Length > import.SizeBytes) return new ImportOutcome.Refused(RefusalReason.InvalidField, $"data: beyond the {import.SizeBytes} bytes that were announced");
        folder.Prepare();
        try
        {
            // Exclusive: two senders of the same file take turns, and the slower one hears where to go on.
            await using var file = new FileStream(folder.Part(id), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            if (file.Length != offset) return new ImportOutcome.Stands(import);
            if (offset == 0 && DiskHeader.Read(piece.Span) is { Problem: { } problem } && piece.Length >= Math.Min(DiskHeader.Length, import.SizeBytes))
                return new ImportOutcome.Refused(RefusalReason.ImageRefused, problem);   // before hours are spent on the rest
            file.Position = offset;
            await file.WriteAsync(piece, CancellationToken.None);
        }
        catch (IOException e) when (e.HResult == NoSpace) { return new ImportOutcome.Refused(RefusalReason.StorageFull, "the broker's disk is full; what has arrived is kept"); }
        catch (IOException e) when (e.HResult == Locked) { }
        return new ImportOutcome.Stands(import);
    }

    // errno as .NET hands it on: ENOSPC, and EWOULDBLOCK of the lock on the file.
    private const int NoSpace = 28, Locked = 11;
}
