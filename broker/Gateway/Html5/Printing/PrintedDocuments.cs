using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Html5.Printing;

/// <summary>What one desktop prints: collected until it is whole, made into a PDF, and given back to the worker, which offers it to the browser.</summary>
internal sealed class PrintedDocuments(PdfConverter converter, WorkerLink worker, long largest, CancellationToken over)
{
    private const int Header = 6;                           // type, job, piece
    private const int MostAtOnce = 8;
    private static readonly byte[] PdfMark = "%PDF-"u8.ToArray();
    private readonly Dictionary<uint, FileStream> _coming = [];
    private Task _last = Task.CompletedTask;                // a desktop's documents wait for each other, not for the desktop

    /// <summary>Takes a piece; the gateway's one reader of this worker calls it, so nothing here waits for a conversion.</summary>
    public async Task TakeAsync(ReadOnlyMemory<byte> message)
    {
        if (message.Length < Header) WireFormatException.Throw(nameof(WorkerLink), "printing", $"{message.Length} bytes");
        var (job, piece) = (BinaryPrimitives.ReadUInt32LittleEndian(message.Span[1..]), (PrintPiece)message.Span[5]);
        if (!_coming.TryGetValue(job, out var document))
        {
            if (_coming.Count >= MostAtOnce) WireFormatException.Throw(nameof(WorkerLink), "printing", "too many documents");
            _coming[job] = document = NewFile();
        }
        if (piece == PrintPiece.Data)
        {
            if (document.Length + message.Length > largest) WireFormatException.Throw(nameof(WorkerLink), "printing", "the document is too large");
            await document.WriteAsync(message[Header..], over);
            return;
        }
        _coming.Remove(job);
        if (piece == PrintPiece.End) _last = FinishAsync(job, document, _last);
        else await document.DisposeAsync();
    }

    public void Drop()
    {
        foreach (var document in _coming.Values) document.Dispose();
        _coming.Clear();
    }

    private async Task FinishAsync(uint job, FileStream document, Task before)
    {
        await before;
        await using (document)
        {
            try
            {
                var isMade = false;
                try { isMade = await MakeAsync(job, document); }
                catch (IOException) { /* no room on the disk: it is not made */ }
                catch (System.ComponentModel.Win32Exception) { /* the program could not be started: the same */ }
                await SendAsync(job, isMade ? PrintPiece.End : PrintPiece.Failed, default);
            }
            catch (OperationCanceledException)
            {
                // The desktop is over.
            }
        }
    }

    private async Task<bool> MakeAsync(uint job, FileStream document)
    {
        document.Position = 0;
        var head = new byte[PdfMark.Length];
        var read = await document.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, over);
        document.Position = 0;
        if (read < head.Length || !head.AsSpan().SequenceEqual(PdfMark)) return await converter.ConvertAsync(document, pdf => SendAsync(job, PrintPiece.Data, pdf), over);
        var buffer = new byte[Html5Limits.LongestPrintPiece];
        while (await document.ReadAsync(buffer, over) is > 0 and var length) await SendAsync(job, PrintPiece.Data, buffer.AsMemory(0, length));
        return true;
    }

    private async Task SendAsync(uint job, PrintPiece piece, ReadOnlyMemory<byte> data)
    {
        var message = new byte[Header + data.Length];
        message[0] = (byte)WorkerMessage.Printed;
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(1), job);
        message[5] = (byte)piece;
        data.CopyTo(message.AsMemory(Header));
        await worker.SendAsync(message, over);
    }

    // Nobody else's to read, and gone with its handle.
    private static FileStream NewFile() => new(Path.Combine(Path.GetTempPath(), $"mvdi-print-{Guid.NewGuid():N}"), new FileStreamOptions
    {
        Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });
}
