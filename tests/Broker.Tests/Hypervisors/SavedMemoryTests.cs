using System.Buffers.Binary;
using System.Text;
using System.Xml.Linq;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>The head of a saved domain is rewritten for another machine, and nothing else of the file.</summary>
public sealed class SavedMemoryTests
{
    private const int HeaderLength = 92;
    private const string Cookie = "<cookie><slirpHelper/></cookie>";
    private static readonly MachineId State = new(Guid.Parse("01a218e4-15bf-7fb6-a525-598e4b0a969b")), Clone = new(Guid.Parse("01a218e4-15f8-7608-aa73-4b380ea95961"));

    [Fact]
    public void Head_describes_the_new_machine_and_keeps_its_length_its_cookie_and_where_devices_sit()
    {
        var file = File(Definition(State, 512).Replace("<target dev=\"vda\"", "<address type=\"pci\" slot=\"0x02\" /><target dev=\"vda\"", StringComparison.Ordinal));
        var head = SavedMemory.ForMachine(file, Definition(Clone, 512));

        Assert.Equal(file.Length, head.Length);
        var (xml, cookie) = Parts(head);
        Assert.Equal(Cookie, cookie);
        var domain = XElement.Parse(xml);
        Assert.Equal(Clone.Value.ToString("D"), (string?)domain.Element("uuid"));
        Assert.Equal($"pc-{Clone.Value:N}", (string?)domain.Element("name"));
        Assert.Equal($"/disks/{Clone.Value:N}", (string?)domain.Descendants("disk").Single().Element("source")?.Attribute("file"));
        Assert.NotNull(domain.Descendants("disk").Single().Element("address"));
        Assert.Contains($"join {Clone.Value:N}", xml, StringComparison.Ordinal);
        Assert.DoesNotContain(State.Value.ToString("D"), xml, StringComparison.Ordinal);
        Assert.DoesNotContain(State.Value.ToString("N"), xml, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_of_a_machine_that_is_built_otherwise_is_not_used()
    {
        Assert.Contains("other memory", Refused(File(Definition(State, 512)), Definition(Clone, 1024)), StringComparison.Ordinal);
        Assert.Contains("network card", Refused(File(Definition(State, 512, new MachineNetwork.Bridge("br0"))), Definition(Clone, 512, new MachineNetwork.Bridge("br0"))), StringComparison.Ordinal);
        Assert.Contains("other devices", Refused(File(Definition(State, 512)), Definition(Clone, 512, new MachineNetwork.Bridge("br0"))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_cut_off_or_of_another_kind_is_refused_wherever_it_is_cut()
    {
        var file = File(Definition(State, 512));
        foreach (var length in new[] { 0, 15, 16, 91, 92, 500, file.Length - 1 }) Refused(file[..length], Definition(Clone, 512));
        Refused(Changed(file, 0, 7), Definition(Clone, 512));
        Refused(Changed(file, 16, 3), Definition(Clone, 512));
        Refused(Changed(file, 20, -1), Definition(Clone, 512));
        Refused(Changed(file, 20, int.MaxValue), Definition(Clone, 512));
        Refused(Changed(file, 28, 1), Definition(Clone, 512));
        Refused(Changed(file, 32, int.MaxValue), Definition(Clone, 512));
        Assert.Contains("fit into", Refused(File(Definition(State, 512), room: 0), Definition(Clone, 512).Replace("join", new string('j', 600), StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    private static string Refused(byte[] file, string definition) => Assert.Throws<SavedMemoryException>(() => SavedMemory.ForMachine(file, definition)).Message;

    private static byte[] Changed(byte[] file, int at, int number)
    {
        var changed = file.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(at), number);
        return changed;
    }

    private static (string Xml, string Cookie) Parts(byte[] head)
    {
        var cookie = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(32));
        return (Encoding.UTF8.GetString(head.AsSpan(HeaderLength, cookie - 1)), Encoding.UTF8.GetString(head.AsSpan(HeaderLength + cookie)).Split('\0')[0]);
    }

    // As libvirt 9.0 writes it.
    private static byte[] File(string xml, int room = 65536)
    {
        var body = new byte[xml.Length + 1 + Cookie.Length + 1 + room];
        Encoding.ASCII.GetBytes(xml).CopyTo(body, 0);
        Encoding.ASCII.GetBytes(Cookie).CopyTo(body, xml.Length + 1);
        var head = new byte[HeaderLength];
        "LibvirtQemudSave"u8.CopyTo(head);
        foreach (var (at, number) in new[] { (16, 2), (20, body.Length), (24, 1), (32, xml.Length + 1) }) BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(at), number);
        return [.. head, .. body];
    }

    private static string Definition(MachineId machine, int memory, MachineNetwork? network = null) => DomainXml.Build(
        new(machine, $"pc-{machine.Value:N}", 1, memory, 1, network ?? new MachineNetwork.UserMode(23000), [$"join {machine.Value:N}"], 1),
        new(false, $"/disks/{machine.Value:N}", $"/consoles/{machine.Value:N}", Guid.Empty));
}
