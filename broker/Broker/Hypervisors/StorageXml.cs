using System.Globalization;
using System.Xml.Linq;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Names and definitions of the volumes in our storage pool; pure.</summary>
internal static class StorageXml
{
    public static string Image(ImageVersionId image) => $"image-{image.Value:N}.qcow2";

    /// <summary>Exists only once the image is complete: libvirt cannot rename, so a half upload must be told apart in another way.</summary>
    public static string ImageReady(ImageVersionId image) => $"image-{image.Value:N}.ready";

    /// <summary>The whole copy of a domain's disk, while it is fetched.</summary>
    public static string Capture(Guid domain) => $"capture-{domain:N}.qcow2";

    public static string Overlay(MachineId machine, int generation) =>
        $"{MachinePrefix(machine)}{generation.ToString(CultureInfo.InvariantCulture)}.qcow2";

    public static string Console(MachineId machine) => $"{MachinePrefix(machine)}console";

    /// <summary>Memory and devices of a running state, or the copy that a machine is just started from.</summary>
    public static string Memory(MachineId machine) => $"{MachinePrefix(machine)}memory";

    /// <summary>Every volume of a machine starts with this.</summary>
    public static string MachinePrefix(MachineId machine) => $"machine-{machine.Value:N}.";

    /// <summary>Whose overlay a volume is; null for volumes that are none.</summary>
    public static (MachineId Machine, int Generation)? ReadOverlay(string volume) =>
        volume.Split('.') is [{ Length: 40 } owner, var generation, "qcow2"]
        && owner.StartsWith("machine-", StringComparison.Ordinal)
        && Guid.TryParseExact(owner.AsSpan(8), "N", out var machine)
        && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (new MachineId(machine), number)
            : null;

    public static string Pool(string name, string path) => new XElement("pool", new XAttribute("type", "dir"),
        new XElement("name", name),
        new XElement("target", new XElement("path", path))).ToString(SaveOptions.DisableFormatting);

    public static string Volume(string name, string format, long capacity, string? backingPath = null) => new XElement("volume",
        new XElement("name", name),
        new XElement("capacity", new XAttribute("unit", "bytes"), capacity.ToString(CultureInfo.InvariantCulture)),
        new XElement("allocation", "0"),
        new XElement("target", new XElement("format", new XAttribute("type", format))),
        backingPath is null ? null : new XElement("backingStore",
            new XElement("path", backingPath),
            new XElement("format", new XAttribute("type", "qcow2")))).ToString(SaveOptions.DisableFormatting);
}
