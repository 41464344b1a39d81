using System.Buffers;
using Montalegre.Vdi.Protocol.Devices;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.RdpWorker.Channels.Drive;

/// <summary>Takes the body of an answer; more than one piece follow each other.</summary>
internal delegate void ReplyBody(ReadOnlySpan<byte> body);

/// <summary>Serves a machine's requests about the drive. The caller holds the lock that keeps tree and transfers together.</summary>
internal sealed class DriveDevice(DriveTree tree, Downloads downloads)
{
    private const string Label = "Portal";
    private const int MostHandles = 1024;
    private const uint Supersede = 0, Open = 1, Create = 2, OpenOrCreate = 3, Overwrite = 4, OverwriteOrCreate = 5;      // FILE_* dispositions, MS-SMB2 2.2.13
    private const uint WantsFolder = 0x1, WantsFile = 0x40, DeleteOnClose = 0x1000;
    private const byte WasSuperseded = 0, WasOpened = 1, WasCreated = 2, WasOverwritten = 3;
    private readonly Dictionary<uint, Handle> _handles = [];
    private uint _next = 1;

    private sealed class Handle(Node node)
    {
        public Node Node => node;

        public bool DeleteOnClose { get; init; }

        /// <summary>What is left of a listing.</summary>
        public Queue<FileFacts> Listing { get; set; } = [];
    }

    public NtStatus Answer(uint major, uint minor, uint file, ReadOnlySpan<byte> body, ReplyBody answer)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FileInformation.Longest);
        try
        {
            var w = new WireWriter(buffer, nameof(DriveDevice));
            var request = DeviceRequest.From(major, minor, body);
            if (request is DeviceRequest.Read read) return Read(file, read, answer);
            var status = Answer(request, file, body, ref w);
            // A refusal has the fields of an answer too, all zero.
            if (status != NtStatus.Success) w = new WireWriter(buffer, nameof(DriveDevice));
            if (w.Written == 0) w.Take(request is DeviceRequest.QueryInformation or DeviceRequest.QueryVolume or DeviceRequest.SetBasic or DeviceRequest.Control ? 4 : 5).Clear();
            if (status != NtStatus.NoAnswer) answer(w.WrittenSpan);
            return status;
        }
        catch (WireFormatException) { return NtStatus.InvalidParameter; }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    private NtStatus Answer(DeviceRequest request, uint file, ReadOnlySpan<byte> body, ref WireWriter w)
    {
        if (request is DeviceRequest.Create create) return OpenFile(create, ref w);
        if (request is DeviceRequest.QueryVolume volume) return FileInformation.TryWriteVolume(ref w, volume.Class, Label, tree.Size, tree.Free) ? NtStatus.Success : NtStatus.NotSupported;
        if (!_handles.TryGetValue(file, out var handle)) return NtStatus.InvalidHandle;
        var node = handle.Node;
        switch (request)
        {
            case DeviceRequest.Close: return Close(file, handle);
            case DeviceRequest.Write write: return Write(node, write, body, ref w);
            case DeviceRequest.QueryInformation query: return FileInformation.TryWrite(ref w, query.Class, node.Facts) ? NtStatus.Success : NtStatus.NotSupported;
            case DeviceRequest.QueryDirectory query: return List(handle, query, ref w);
            case DeviceRequest.SetEndOfFile set: return SetLength(node, set.Length);
            case DeviceRequest.SetDisposition set: return SetDelete(node, set.Delete);
            case DeviceRequest.Rename rename: return Rename(node, rename);
            case DeviceRequest.SetBasic or DeviceRequest.SetAllocation or DeviceRequest.Lock: return NtStatus.Success;
            case DeviceRequest.WatchDirectory: return NtStatus.NoAnswer;
            default: return NtStatus.NotSupported;
        }
    }

    private NtStatus OpenFile(DeviceRequest.Create create, ref WireWriter w)
    {
        if (_handles.Count >= MostHandles) return NtStatus.TooManyOpenedFiles;
        var (status, parent, name, node) = tree.Find(create.Path);
        if (status != NtStatus.Success) return status;
        byte what = WasOpened;
        if (node is null)
        {
            // The status of all that RDP clients say here; xrdp knows no other as "there is none".
            if (create.Disposition is Open or Overwrite) return NtStatus.NoSuchFile;
            if (parent!.Children is null) return NtStatus.NotADirectory;
            if ((node = tree.Make(parent, name, (create.Options & WantsFolder) != 0)) is null) return NtStatus.DiskFull;
            what = WasCreated;
        }
        else
        {
            if (create.Disposition == Create) return NtStatus.ObjectNameCollision;
            if (node.DeletePending) return NtStatus.AccessDenied;
            if (node.IsFolder && (create.Options & WantsFile) != 0) return NtStatus.FileIsADirectory;
            if (!node.IsFolder && (create.Options & WantsFolder) != 0) return NtStatus.NotADirectory;
            if (create.Disposition is Supersede or Overwrite or OverwriteOrCreate)
            {
                if (node.IsFolder) return NtStatus.ObjectNameCollision;
                Change(node);
                node.Content!.Clear();
                what = create.Disposition == Supersede ? WasSuperseded : WasOverwritten;
            }
        }
        if ((create.Options & DeleteOnClose) != 0 && node.IsFixed) return NtStatus.CannotDelete;
        while (_handles.ContainsKey(_next) || _next == 0) _next++;
        _handles[_next] = new Handle(node) { DeleteOnClose = (create.Options & DeleteOnClose) != 0 };
        node.Handles++;
        w.WriteUInt32(_next++);
        w.WriteByte(what);
        return NtStatus.Success;
    }

    private NtStatus Close(uint file, Handle handle)
    {
        var node = handle.Node;
        _handles.Remove(file);
        node.Handles--;
        if (handle.DeleteOnClose && node.Children is not { Count: > 0 }) node.DeletePending = true;
        if (node.Handles > 0) return NtStatus.Success;
        if (node.DeletePending) Remove(node);
        else OfferIfMeant(node);
        return NtStatus.Success;
    }

    private NtStatus Read(uint file, DeviceRequest.Read read, ReplyBody answer)
    {
        var status = !_handles.TryGetValue(file, out var handle) ? NtStatus.InvalidHandle : handle.Node.Content is null ? NtStatus.FileIsADirectory : NtStatus.Success;
        var buffer = ArrayPool<byte>.Shared.Rent(4 + read.Length);
        try
        {
            var length = status == NtStatus.Success ? handle!.Node.Content!.Read(read.Offset, buffer.AsSpan(4, read.Length)) : 0;
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(buffer, length);
            answer(buffer.AsSpan(0, 4 + length));
            return status;
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    private NtStatus Write(Node node, DeviceRequest.Write write, ReadOnlySpan<byte> body, ref WireWriter w)
    {
        if (node.Content is null) return NtStatus.FileIsADirectory;
        Change(node);
        if (!node.Content.TryWrite(write.Offset, write.DataOf(body))) return NtStatus.DiskFull;
        w.WriteUInt32((uint)write.Length);
        w.WriteByte(0);
        return NtStatus.Success;
    }

    private NtStatus SetLength(Node node, long length)
    {
        if (node.Content is null) return NtStatus.FileIsADirectory;
        Change(node);
        return node.Content.TrySetLength(length) ? NtStatus.Success : NtStatus.DiskFull;
    }

    private static NtStatus SetDelete(Node node, bool delete)
    {
        if (node.IsFixed) return NtStatus.CannotDelete;
        if (delete && node.Children is { Count: > 0 }) return NtStatus.DirectoryNotEmpty;
        node.DeletePending = delete;
        return NtStatus.Success;
    }

    private NtStatus Rename(Node node, DeviceRequest.Rename rename)
    {
        // What was there under that name is gone after the renaming, with its transfer.
        var (status, _, _, there) = tree.Find(rename.Path);
        if (status == NtStatus.Success && there is not null && there != node) downloads.Abandon(there);
        downloads.Abandon(node);
        status = tree.Move(node, rename.Path, rename.ReplaceIfExists);
        if (status == NtStatus.Success && node.IsBelow(tree.Out)) node.IsChanged = true;
        return status;
    }

    private NtStatus List(Handle handle, DeviceRequest.QueryDirectory query, ref WireWriter w)
    {
        if (handle.Node.Children is not { } children) return NtStatus.NotADirectory;
        if (query.IsInitial) handle.Listing = new(Matching(children.Values, query.Path[(query.Path.LastIndexOfAny(['\\', '/']) + 1)..]));
        if (!handle.Listing.TryDequeue(out var file)) return query.IsInitial ? NtStatus.NoSuchFile : NtStatus.NoMoreFiles;
        return FileInformation.TryWriteEntry(ref w, query.Class, file) ? NtStatus.Success : NtStatus.NotSupported;
    }

    /// <summary>What a pattern with * and ? names; no dots for the folder itself and the one above, which nobody needs.</summary>
    private static IEnumerable<FileFacts> Matching(IEnumerable<Node> nodes, string pattern)
    {
        if (pattern is "" or "*" or "*.*") return nodes.Select(n => n.Facts);
        return nodes.Where(n => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, n.Name)).Select(n => n.Facts);
    }

    private void Change(Node node)
    {
        downloads.Abandon(node);
        node.IsChanged = true;
        tree.Touch(node);
    }

    private void Remove(Node node)
    {
        downloads.Abandon(node);
        tree.Remove(node);
    }

    /// <summary>A file in the folder for it goes to the browser once it is whole and nobody has it open.</summary>
    private void OfferIfMeant(Node node)
    {
        if (!node.IsChanged || node.Content is not { Length: > 0 } || !node.IsBelow(tree.Out)) return;
        for (var at = node; at != tree.Out; at = at.Parent!)
            if (FileNames.IsTemporary(at.Name)) return;
        node.IsChanged = false;
        downloads.Offer(node);
    }
}
