using System.Xml.Linq;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

public sealed class DomainXmlTests
{
    private static readonly XNamespace Qemu = "http://libvirt.org/schemas/domain/qemu/1.0";
    private static readonly Guid Installation = Guid.Parse("11111111-2222-3333-4444-555555555555");
    private static readonly MachineId Machine = new(Guid.Parse("0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeff01"));

    [Fact]
    public void Domain_uuid_is_the_machine_id()
    {
        Assert.Equal(Machine.Value.ToString(), (string?)Built().Element("uuid"));
    }

    [Fact]
    public void Definition_carries_our_mark()
    {
        var mark = MachineMark.Read(Built().Element("metadata")!.Elements().Single().ToString());

        Assert.Equal(new MachineMark(Installation, 7, 3), mark);
    }

    [Fact]
    public void User_mode_forwards_one_loopback_port_to_rdp()
    {
        var arguments = Built().Element(Qemu + "commandline")!.Elements().Select(e => (string)e.Attribute("value")!).ToArray();

        Assert.Contains("user,id=desktop,hostfwd=tcp:127.0.0.1:40001-:3389", arguments);
        Assert.Contains(arguments, value => value.Contains("mac=52:54:00:ee:ff:01", StringComparison.Ordinal));
        Assert.Null(Built().Element("devices")!.Element("interface"));
    }

    [Theory]
    [InlineData("network:desktops", "network", "desktops")]
    [InlineData("bridge:br0", "bridge", "br0")]
    public void Other_networks_become_an_interface(string setting, string kind, string name)
    {
        var built = Built(Definition() with { Network = MachineNetwork.Parse(setting, null) });
        var card = built.Element("devices")!.Element("interface")!;

        Assert.Equal(kind, (string?)card.Attribute("type"));
        Assert.Equal(name, (string?)card.Element("source")!.Attribute(kind));
        Assert.Null(built.Element(Qemu + "commandline"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("user")]
    [InlineData("bridge:")]
    [InlineData("carrier pigeon")]
    public void Unknown_network_setting_is_refused(string setting)
    {
        Assert.Throws<FormatException>(() => MachineNetwork.Parse(setting, null));
    }

    [Fact]
    public void Text_for_the_guest_is_escaped()
    {
        var built = Built(Definition() with { OemStrings = ["<a & b>", "second"] });

        Assert.Equal(["<a & b>", "second"], built.Element("sysinfo")!.Element("oemStrings")!.Elements().Select(e => e.Value));
    }

    [Theory]
    [InlineData(true, "kvm", "host-passthrough")]
    [InlineData(false, "qemu", "custom")]
    public void Kvm_decides_domain_type_and_processor(bool kvm, string type, string mode)
    {
        var built = Built(Definition(), kvm);

        Assert.Equal(type, (string?)built.Attribute("type"));
        Assert.Equal(mode, (string?)built.Element("cpu")!.Attribute("mode"));
    }

    [Fact]
    public void Only_a_guest_without_a_real_processor_is_told_that_it_has_none()
    {
        // The golden image leaves out there what guards against speculation: never where a processor speculates.
        Assert.Null(Built(kvm: true).Element("sysinfo")!.Element("system"));
        var entry = Built().Element("sysinfo")!.Element("system")!.Element("entry")!;
        Assert.Equal(("family", "montalegre-emulated"), ((string?)entry.Attribute("name"), entry.Value));
        Assert.Contains($"\"{entry.Value}\"", File.ReadAllText(Checkout.Path("agent/Image/root/boot/grub/grub.cfg")), StringComparison.Ordinal);
    }

    private static MachineDefinition Definition() =>
        new(Machine, "desktop-1", 2, 1024, 3, new MachineNetwork.UserMode(40001), ["hello"], LeaseEpoch: 7);

    private static XElement Built(MachineDefinition? definition = null, bool kvm = false) => XElement.Parse(
        DomainXml.Build(definition ?? Definition(), new DomainPlace(kvm, "/pool/overlay.qcow2", "/pool/console", Installation)));
}
