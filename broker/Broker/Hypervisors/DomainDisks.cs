using System.Xml.Linq;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Reads the disks of a domain's definition, also of one that we did not write; pure.</summary>
internal static class DomainDisks
{
    /// <summary>Paths on the host; null for a disk that is neither a file nor a block device.</summary>
    public static IReadOnlyList<string?> Read(string definition) =>
    [
        .. XElement.Parse(definition).Elements("devices").Elements("disk")
            .Where(disk => (string?)disk.Attribute("device") is null or "disk")
            .Select(disk => disk.Element("source")).Select(source => (string?)source?.Attribute("file") ?? (string?)source?.Attribute("dev")),
    ];
}
