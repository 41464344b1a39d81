using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.RdpWorker.Channels.Drive;

/// <summary>Files on their way to the browser: eight at once, each at most a window ahead of what the browser has taken.</summary>
/// <remarks>A file that the browser has whole leaves the drive; one that was cancelled stays. The caller holds the drive's lock.</remarks>
internal sealed class Downloads(DriveTree tree, ToBrowser send, string unnamed)
{
    private const int MostWaiting = 4096;
    private readonly List<Item> _waiting = [];
    private readonly Dictionary<uint, Item> _running = [];
    private bool _attached = true;
    private uint _next = 1;

    /// <param name="Node">Null for a printed document, which lies in no folder.</param>
    private sealed class Item(Node? node, Content content, string name)
    {
        public Node? Node => node;

        public Content Content => content;

        public string Name => name;

        public bool IsAccepted { get; set; }

        public long Sent { get; set; }

        public long Taken { get; set; }
    }

    public void Offer(Node file) => Wait(new Item(file, file.Content!, FileNames.Clean(file.Name, unnamed)));

    public void OfferDocument(Content pdf, string name) => Wait(new Item(null, pdf, name));

    /// <summary>Shows a document that could not be made, and why.</summary>
    public void RefuseDocument(string name)
    {
        send.FileOffer(_next, isDocument: true, 0, name);
        send.FileRefused(_next, FileRefusal.PrintFailed);
        _next = Next(_next);
    }

    public void Accepted(uint file)
    {
        if (!_running.TryGetValue(file, out var item) || item.IsAccepted) return;
        item.IsAccepted = true;
        Pump(file, item);
    }

    /// <summary>A number that was never sent changes nothing.</summary>
    public void Progress(uint file, ulong taken)
    {
        if (!_running.TryGetValue(file, out var item) || !item.IsAccepted || taken > (ulong)item.Sent) return;
        item.Taken = Math.Max(item.Taken, (long)taken);
        Pump(file, item);
    }

    /// <summary>The browser does not want it: a document is gone then, a file stays where it is.</summary>
    public void Cancel(uint file)
    {
        if (!_running.Remove(file, out var item)) return;
        if (item.Node is null) item.Content.Clear();
        StartNext();
    }

    /// <summary>The file changes or goes: what the browser has of it is worth nothing.</summary>
    public void Abandon(Node node)
    {
        _waiting.RemoveAll(i => i.Node == node);
        foreach (var (file, item) in _running)
        {
            if (item.Node != node) continue;
            send.FileRefused(file, FileRefusal.FileChanged);
            _running.Remove(file);
            break;
        }
        StartNext();
    }

    public void Detach() => _attached = false;

    /// <summary>Another browser, or the same one again: it knows nothing of what was under way, so that begins anew.</summary>
    public void Attach()
    {
        _attached = true;
        _waiting.InsertRange(0, _running.Values);
        _running.Clear();
        foreach (var item in _waiting) (item.IsAccepted, item.Sent, item.Taken) = (false, 0, 0);
        StartNext();
    }

    private void Wait(Item item)
    {
        if (_waiting.Count >= MostWaiting) return;
        _waiting.Add(item);
        StartNext();
    }

    private void StartNext()
    {
        while (_attached && _waiting.Count > 0 && _running.Count < Html5Limits.FilesAtOnce)
        {
            var item = _waiting[0];
            _waiting.RemoveAt(0);
            while (_running.ContainsKey(_next)) _next = Next(_next);
            _running[_next] = item;
            send.FileOffer(_next, item.Node is null, item.Content.Length, item.Name);
            _next = Next(_next);
        }
    }

    private void Pump(uint file, Item item)
    {
        var chunk = new byte[5 + Html5Limits.LongestChunk];
        while (item.Sent < item.Content.Length && item.Sent < item.Taken + Html5Limits.FileWindow)
        {
            var most = (int)Math.Min(Html5Limits.LongestChunk, item.Taken + Html5Limits.FileWindow - item.Sent);
            var read = item.Content.Read(item.Sent, chunk.AsSpan(5, most));
            chunk[0] = (byte)ServerMessage.FileChunk;
            BinaryPrimitives.WriteUInt32LittleEndian(chunk.AsSpan(1), file);
            item.Sent += read;
            send(chunk.AsSpan(0, 5 + read));
        }
        if (item.Sent < item.Content.Length) return;
        // Not before the browser has all of it: until then it may have to begin anew.
        if (item.Taken < item.Content.Length) return;
        _running.Remove(file);
        send.FileState(ServerMessage.FileDone, file);
        if (item.Node is null) item.Content.Clear();
        else if (item.Node.Handles == 0) tree.Remove(item.Node);
        StartNext();
    }

    private static uint Next(uint file) => file + 1 >= Html5Limits.UploadBit ? 1 : file + 1;
}
