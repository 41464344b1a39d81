using System.Buffers.Binary;
using System.Text;
using System.Xml.Linq;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>
/// The head of a file that libvirt saved a domain to, before QEMU's own stream; pure. Nineteen 32-bit numbers in the host's byte order
/// after a magic: version, length of what follows, running, compressed, where the cookie begins; then the definition, the cookie, and
/// room (libvirt: src/qemu/qemu_saveimage.h). QEMU's stream knows neither name nor UUID, so a head of another machine may stand before it.
/// </summary>
internal static class SavedMemory
{
    /// <summary>No head that we change is longer: libvirt leaves 64 KiB of room behind definition and cookie.</summary>
    public const int LongestHead = 256 * 1024;

    private const int HeaderLength = 92, Version = 2, VersionAt = 16, LengthAt = 20, RunningAt = 24, CompressedAt = 28, CookieAt = 32;
    private static readonly byte[] Magic = "LibvirtQemudSave"u8.ToArray();
    private static readonly XNamespace Qemu = "http://libvirt.org/schemas/domain/qemu/1.0";

    /// <summary>The head with which the saved memory starts as another machine: as long as before, so that the stream stays where it is.</summary>
    /// <param name="file">The beginning of the file, whole head included.</param>
    /// <param name="definition">The stored definition of the machine that is to run.</param>
    /// <exception cref="SavedMemoryException">It is no such file, or the machine has other devices.</exception>
    public static byte[] ForMachine(ReadOnlySpan<byte> file, string definition)
    {
        if (file.Length < HeaderLength || !file.StartsWith(Magic) || Number(file, VersionAt) != Version) throw new SavedMemoryException("it is not what libvirt saves.");
        var (length, cookie) = (Number(file, LengthAt), Number(file, CookieAt));
        if (Number(file, CompressedAt) != 0 || length <= 0 || length > file.Length - HeaderLength || cookie < 0 || cookie >= length)
            throw new SavedMemoryException("libvirt saved it in a way that is not known here.");
        var body = file.Slice(HeaderLength, length);
        var xml = Encoding.UTF8.GetBytes(Merge(Text(body), definition));
        var kept = cookie == 0 ? [] : Encoding.UTF8.GetBytes(Text(body[cookie..]));
        if (xml.Length + kept.Length + 2 > length) throw new SavedMemoryException("the machine's definition does not fit into its head.");

        var head = new byte[HeaderLength + length];
        file[..HeaderLength].CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(RunningAt), 1);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(CookieAt), cookie == 0 ? 0 : xml.Length + 1);
        xml.CopyTo(head, HeaderLength);
        kept.CopyTo(head, HeaderLength + xml.Length + 1);
        return head;
    }

    // What is the machine's own comes from its definition; what QEMU's stream was written by, down to PCI addresses, from the state's.
    private static string Merge(string saved, string definition)
    {
        var (state, machine) = (XElement.Parse(saved), XElement.Parse(definition));
        foreach (var (what, of) in new (string, Func<XElement, string?>)[]
                 {
                     ("processors", d => (string?)d.Element("vcpu")), ("memory", d => (string?)d.Element("memory")), ("kind", d => (string?)d.Attribute("type")),
                     ("devices", d => string.Join(' ', (d.Element("devices")?.Elements() ?? []).Select(e => e.Name.LocalName).Order(StringComparer.Ordinal))),
                 })
            if (of(state) != of(machine)) throw new SavedMemoryException($"it was saved with other {what} than the machine has: {of(state)}, not {of(machine)}.");
        if (machine.Descendants("interface").Any()) throw new SavedMemoryException("its network card would have the address of another machine; only user-mode networking may do this.");
        foreach (var name in (XName[])["name", "uuid", "metadata", "sysinfo", Qemu + "commandline"]) Replace(state.Element(name), machine.Element(name), name);
        foreach (var device in (string[])["disk", "serial", "console"])
            Replace(state.Element("devices")?.Element(device)?.Element("source"), machine.Element("devices")?.Element(device)?.Element("source"), device);
        return state.ToString(SaveOptions.DisableFormatting);
    }

    private static void Replace(XElement? old, XElement? by, XName name)
    {
        if (old is null && by is null) return;
        if (old is null || by is null) throw new SavedMemoryException($"it or the machine has no {name.LocalName}.");
        old.ReplaceWith(by);
    }

    private static int Number(ReadOnlySpan<byte> file, int at) => BinaryPrimitives.ReadInt32LittleEndian(file[at..]);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.IndexOf((byte)0) is >= 0 and var end ? bytes[..end] : bytes);
}
