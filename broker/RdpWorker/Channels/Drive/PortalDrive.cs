using Microsoft.Win32.SafeHandles;
using Montalegre.Vdi.Protocol.Devices;
using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.RdpWorker.Channels.Drive;

/// <summary>The drive between a desktop and its browser: one lock, because the machine and the browser come on threads of their own.</summary>
/// <remarks>It lives as long as the worker. What is left in it when the desktop is closed is gone.</remarks>
internal sealed class PortalDrive
{
    private readonly Lock _gate = new();
    private readonly ToBrowser _send;
    private readonly Allowed _allowed;
    private readonly DriveTree _tree;
    private readonly DriveDevice _device;
    private readonly Downloads _downloads;
    private readonly Uploads _uploads;
    private bool _isTaken;

    public PortalDrive(SafeFileHandle scratch, DriveLimits limits, Allowed allowed, DriveWords words, ToBrowser send, TimeProvider time)
    {
        (_send, _allowed) = (send, allowed);
        _tree = new(new Scratch(scratch, (int)((long)limits.Megabytes * 1024 * 1024 / Scratch.BlockSize)), words.OutFolder, time);
        _downloads = new(_tree, send, words.Unnamed);
        _uploads = new(_tree, send, (long)limits.LargestFileMegabytes * 1024 * 1024, words.Unnamed);
        _device = new(_tree, _downloads);
    }

    /// <summary>The machine can use drives: from here on what is uploaded is found there.</summary>
    public void Taken()
    {
        lock (_gate) _isTaken = true;
    }

    public NtStatus Answer(uint major, uint minor, uint file, ReadOnlySpan<byte> body, ReplyBody answer)
    {
        lock (_gate) return _device.Answer(major, minor, file, body, answer);
    }

    /// <summary>A place for a document that comes piece by piece; it is in no folder.</summary>
    public Content NewDocument()
    {
        lock (_gate) return _tree.NewContent();
    }

    public bool TryAppend(Content document, ReadOnlySpan<byte> bytes)
    {
        lock (_gate) return document.TryWrite(document.Length, bytes);
    }

    public void Drop(Content document)
    {
        lock (_gate) document.Clear();
    }

    public void OfferDocument(Content document, string name)
    {
        lock (_gate) _downloads.OfferDocument(document, name);
    }

    public void RefuseDocument(string name)
    {
        lock (_gate) _downloads.RefuseDocument(name);
    }

    public void Detach()
    {
        lock (_gate)
        {
            _uploads.CancelAll();
            _downloads.Detach();
        }
    }

    public void Attach()
    {
        lock (_gate)
        {
            _uploads.CancelAll();
            _downloads.Attach();
        }
    }

    /// <summary>False for a message that is about no file.</summary>
    public bool Take(BrowserInput input)
    {
        lock (_gate)
        {
            switch (input)
            {
                case BrowserInput.FileOffer offer: Offered(offer); return true;
                case BrowserInput.FileChunk chunk: _uploads.Chunk(chunk.File, chunk.Data); return true;
                case BrowserInput.FileDone done: _uploads.Done(done.File); return true;
                case BrowserInput.FileAccepted accepted: _downloads.Accepted(accepted.File); return true;
                case BrowserInput.FileProgress progress: _downloads.Progress(progress.File, progress.Bytes); return true;
                case BrowserInput.FileCancel cancel:
                    _uploads.Cancel(cancel.File);
                    _downloads.Cancel(cancel.File);
                    return true;
                default: return false;
            }
        }
    }

    private void Offered(BrowserInput.FileOffer offer)
    {
        if (!_allowed.HasFlag(Allowed.Upload)) _send.FileRefused(offer.File, FileRefusal.FilesBlocked);
        else if (!_isTaken) _send.FileRefused(offer.File, FileRefusal.DriveNotTaken);
        else _uploads.Offer(offer.File, offer.Size, offer.Name);
    }
}

/// <summary>What the drive calls things, in the browser's language: files lie in folders that a person reads.</summary>
internal sealed record DriveWords(string OutFolder, string Unnamed, string Document)
{
    private static readonly DriveWords Portuguese = new("Transferir", "ficheiro", "Documento"), English = new("Download", "file", "Document");

    public static DriveWords For(string language) => language.StartsWith("pt", StringComparison.OrdinalIgnoreCase) ? Portuguese : English;
}
