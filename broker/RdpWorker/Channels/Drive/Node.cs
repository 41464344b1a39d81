using Montalegre.Vdi.Protocol.Devices;

namespace Montalegre.Vdi.RdpWorker.Channels.Drive;

/// <summary>A file or folder of the drive.</summary>
internal sealed class Node(string name, Node? parent, Content? content, DateTimeOffset made)
{
    /// <summary>Null in a file. Names are kept as written and found in any case, as Windows does.</summary>
    public Dictionary<string, Node>? Children { get; } = content is null ? new(StringComparer.OrdinalIgnoreCase) : null;

    public string Name { get; set; } = name;

    public Node? Parent { get; set; } = parent;

    public Content? Content => content;

    public DateTimeOffset Made { get; } = made;

    public DateTimeOffset Written { get; set; } = made;

    /// <summary>Handles that are open on it; it goes, or leaves for the browser, when the last is closed.</summary>
    public int Handles { get; set; }

    public bool DeletePending { get; set; }

    /// <summary>Changed since it was offered to the browser last.</summary>
    public bool IsChanged { get; set; }

    /// <summary>One of the drive's own folders, which stay.</summary>
    public bool IsFixed { get; init; }

    public bool IsFolder => content is null;

    public FileFacts Facts => new(Name, IsFolder, content?.Length ?? 0, Made, Written, DeletePending);

    /// <summary>Whether it lies below that folder.</summary>
    public bool IsBelow(Node folder)
    {
        for (var at = Parent; at is not null; at = at.Parent)
            if (at == folder) return true;
        return false;
    }
}
