using Montalegre.Vdi.Protocol.Devices;

namespace Montalegre.Vdi.RdpWorker.Channels.Drive;

/// <summary>Files and folders of the drive. There is nothing outside it: a path is looked up name by name, and no name leads up.</summary>
internal sealed class DriveTree
{
    private const int MostNodes = 4096;
    private const int Deepest = 24;
    private readonly Scratch _scratch;
    private readonly TimeProvider _time;
    private int _nodes;

    public DriveTree(Scratch scratch, string outName, TimeProvider time)
    {
        (_scratch, _time) = (scratch, time);
        Root = new Node("", null, null, time.GetUtcNow()) { IsFixed = true };
        Out = new Node(outName, Root, null, time.GetUtcNow()) { IsFixed = true };
        Root.Children![outName] = Out;
    }

    public Node Root { get; }

    /// <summary>What is put in here goes to the browser.</summary>
    public Node Out { get; }

    public long Size => _scratch.Size;

    public long Free => (long)_scratch.FreeBlocks * Scratch.BlockSize;

    /// <summary>The node of a path, and where it would be: its parent and its own name. Status is about the way there.</summary>
    public (NtStatus Status, Node? Parent, string Name, Node? Node) Find(string path)
    {
        // xrdp opens files by Linux's separator.
        var names = path.Split(['\\', '/'], StringSplitOptions.RemoveEmptyEntries);
        if (names.Length > Deepest) return (NtStatus.ObjectNameInvalid, null, "", null);
        var at = Root;
        for (var i = 0; i < names.Length; i++)
        {
            if (!FileNames.IsAllowed(names[i])) return (NtStatus.ObjectNameInvalid, null, "", null);
            if (at.Children is null) return (NtStatus.NotADirectory, null, "", null);
            var found = at.Children.GetValueOrDefault(names[i]);
            if (i == names.Length - 1) return (NtStatus.Success, at, names[i], found);
            if (found is null) return (NtStatus.NoSuchFile, null, "", null);
            at = found;
        }
        return (NtStatus.Success, null, "", Root);
    }

    /// <summary>Makes an empty file or folder; null when there are too many.</summary>
    public Node? Make(Node parent, string name, bool isFolder) => Put(parent, name, isFolder ? null : new Content(_scratch));

    /// <summary>A file of the drive's own, not in a folder yet.</summary>
    public Content NewContent() => new(_scratch);

    /// <summary>Puts a whole file into a folder under a name that is free there; null when there are too many.</summary>
    public Node? Store(Node parent, string name, Content content)
    {
        var free = name;
        for (var number = 2; parent.Children!.ContainsKey(free); number++) free = FileNames.Numbered(name, number);
        return Put(parent, free, content);
    }

    public void Remove(Node node)
    {
        node.Content?.Clear();
        if (node.Parent?.Children!.Remove(node.Name) == true) _nodes--;
        node.Parent = null;
    }

    public NtStatus Move(Node node, string path, bool replaces)
    {
        var (status, parent, name, there) = Find(path);
        if (status != NtStatus.Success) return status;
        if (parent is null || node.IsFixed) return NtStatus.AccessDenied;
        if (parent == node || parent.IsBelow(node)) return NtStatus.InvalidParameter;
        if (there is not null && there != node)
        {
            if (!replaces) return NtStatus.ObjectNameCollision;
            if (there.IsFolder || there.Handles > 0) return NtStatus.AccessDenied;
            Remove(there);
        }
        node.Parent!.Children!.Remove(node.Name);
        (node.Name, node.Parent) = (name, parent);
        parent.Children![name] = node;
        return NtStatus.Success;
    }

    public void Touch(Node node) => node.Written = _time.GetUtcNow();

    private Node? Put(Node parent, string name, Content? content)
    {
        if (_nodes >= MostNodes) return null;
        _nodes++;
        var node = new Node(name, parent, content, _time.GetUtcNow());
        parent.Children![name] = node;
        parent.Written = node.Written;
        return node;
    }
}
