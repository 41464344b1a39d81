using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.RdpWorker.Channels.Drive;

/// <summary>Files on their way from the browser. One is seen in the drive when it is whole, under a name that was free.</summary>
/// <remarks>The caller holds the drive's lock.</remarks>
internal sealed class Uploads(DriveTree tree, ToBrowser send, long largest, string unnamed)
{
    private const int Step = 256 * 1024;
    private readonly Dictionary<uint, Upload> _running = [];

    private sealed class Upload(string name, long size, Content content)
    {
        public string Name => name;

        public long Size => size;

        public Content Content => content;

        public long Told { get; set; }
    }

    public void Offer(uint file, ulong size, string name)
    {
        var coming = _running.Values.Sum(u => u.Size - u.Content.Length);
        if (_running.ContainsKey(file)) return;
        if (_running.Count >= Html5Limits.FilesAtOnce) send.FileRefused(file, FileRefusal.TooManyFiles);
        else if (size > (ulong)largest) send.FileRefused(file, FileRefusal.FileTooLarge);
        else if (coming + (long)size > tree.Free) send.FileRefused(file, FileRefusal.DriveFull);
        else
        {
            _running[file] = new Upload(FileNames.Clean(name, unnamed), (long)size, tree.NewContent());
            send.FileState(ServerMessage.FileAccepted, file);
        }
    }

    /// <summary>Bytes of an upload that has ended come late, and mean nothing.</summary>
    public void Chunk(uint file, ReadOnlySpan<byte> data)
    {
        if (!_running.TryGetValue(file, out var upload)) return;
        if (upload.Content.Length + data.Length > upload.Size) Refuse(file, FileRefusal.FileChanged);
        else if (!upload.Content.TryWrite(upload.Content.Length, data)) Refuse(file, FileRefusal.DriveFull);
        else if (upload.Content.Length - upload.Told >= Step || upload.Content.Length == upload.Size)
        {
            upload.Told = upload.Content.Length;
            send.FileProgress(file, upload.Told);
        }
    }

    public void Done(uint file)
    {
        if (!_running.TryGetValue(file, out var upload)) return;
        if (upload.Content.Length != upload.Size)
        {
            Refuse(file, FileRefusal.FileChanged);
            return;
        }
        if (tree.Store(tree.Root, upload.Name, upload.Content) is null)
        {
            Refuse(file, FileRefusal.DriveFull);
            return;
        }
        _running.Remove(file);
        send.FileState(ServerMessage.FileDone, file);
    }

    public void Cancel(uint file)
    {
        if (_running.Remove(file, out var upload)) upload.Content.Clear();
    }

    /// <summary>The browser went; what it had not sent whole never comes.</summary>
    public void CancelAll()
    {
        foreach (var upload in _running.Values) upload.Content.Clear();
        _running.Clear();
    }

    private void Refuse(uint file, FileRefusal reason)
    {
        Cancel(file);
        send.FileRefused(file, reason);
    }
}
