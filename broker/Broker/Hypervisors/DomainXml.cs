using System.Globalization;
using System.Xml.Linq;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Facts of a host that go into a domain's definition.</summary>
internal sealed record DomainPlace(bool Kvm, string OverlayPath, string ConsolePath, Guid Installation);

/// <summary>Writes the libvirt definition of a machine; pure.</summary>
internal static class DomainXml
{
    private const string RdpPort = "3389", EmulatedFamily = "montalegre-emulated";
    private static readonly XNamespace Qemu = "http://libvirt.org/schemas/domain/qemu/1.0";

    public static string Build(MachineDefinition machine, DomainPlace place) => new XElement("domain",
        new XAttribute("type", place.Kvm ? "kvm" : "qemu"),
        new XAttribute(XNamespace.Xmlns + "qemu", Qemu.NamespaceName),
        new XElement("name", machine.Name),
        new XElement("uuid", machine.Machine.Value.ToString("D")),
        new XElement("metadata", new MachineMark(place.Installation, machine.LeaseEpoch, machine.Generation).ToXml()),
        new XElement("memory", new XAttribute("unit", "MiB"), machine.MemoryMiB.ToString(CultureInfo.InvariantCulture)),
        new XElement("vcpu", machine.Cpus.ToString(CultureInfo.InvariantCulture)),
        Firmware(machine, place.Kvm),
        new XElement("os",
            new XElement("type", new XAttribute("arch", "x86_64"), new XAttribute("machine", place.Kvm ? "q35" : "pc"), "hvm"),
            new XElement("boot", new XAttribute("dev", "hd")),
            new XElement("smbios", new XAttribute("mode", "sysinfo"))),
        new XElement("features", new XElement("acpi"), new XElement("apic")),
        Cpu(place.Kvm),
        new XElement("clock", new XAttribute("offset", "utc")),
        new XElement("on_poweroff", "destroy"),
        new XElement("on_reboot", "restart"),
        new XElement("on_crash", "destroy"),
        new XElement("devices",
            Disk(place.OverlayPath),
            Interface(machine.Network),
            new XElement("serial", new XAttribute("type", "file"),
                new XElement("source", new XAttribute("path", place.ConsolePath)),
                new XElement("target", new XAttribute("port", "0"))),
            new XElement("rng", new XAttribute("model", "virtio"),
                new XElement("backend", new XAttribute("model", "random"), "/dev/urandom")),
            // A desktop is seen through RDP: no graphics card, no USB, and fewer devices for the guest to look for.
            new XElement("controller", new XAttribute("type", "usb"), new XAttribute("model", "none")),
            new XElement("video", new XElement("model", new XAttribute("type", "none"))),
            new XElement("memballoon", new XAttribute("model", "none"))),
        UserModeArguments(machine)).ToString(SaveOptions.DisableFormatting);

    /// <summary>Memory of a definition as libvirt writes it, in KiB there.</summary>
    public static long MemoryBytes(string definition) => (long)(XElement.Parse(definition).Element("memory") ?? throw new InvalidDataException("The definition names no memory.")) << 10;

    // The golden image reads the family before its kernel starts (agent/Image/root/boot/grub/grub.cfg).
    private static XElement Firmware(MachineDefinition machine, bool kvm) => new("sysinfo", new XAttribute("type", "smbios"),
        kvm ? null : new XElement("system", new XElement("entry", new XAttribute("name", "family"), EmulatedFamily)),
        new XElement("oemStrings", machine.OemStrings.Select(text => new XElement("entry", text))));

    // Without KVM QEMU translates; "maximum" would offer arch-capabilities, whose registers it does not have.
    private static XElement Cpu(bool kvm) => kvm
        ? new XElement("cpu", new XAttribute("mode", "host-passthrough"))
        : new XElement("cpu", new XAttribute("mode", "custom"), new XAttribute("match", "exact"), new XAttribute("check", "none"),
            new XElement("model", new XAttribute("fallback", "forbid"), "Nehalem"));

    private static XElement Disk(string path) => new("disk", new XAttribute("type", "file"), new XAttribute("device", "disk"),
        new XElement("driver", new XAttribute("name", "qemu"), new XAttribute("type", "qcow2"), new XAttribute("discard", "unmap")),
        new XElement("source", new XAttribute("file", path)),
        new XElement("target", new XAttribute("dev", "vda"), new XAttribute("bus", "virtio")));

    private static XElement? Interface(MachineNetwork network) => network switch
    {
        MachineNetwork.Network(var name) => Interface("network", "network", name),
        MachineNetwork.Bridge(var name) => Interface("bridge", "bridge", name),
        _ => null,
    };

    private static XElement Interface(string type, string attribute, string name) => new("interface", new XAttribute("type", type),
        new XElement("source", new XAttribute(attribute, name)),
        new XElement("model", new XAttribute("type", "virtio")));

    // libvirt 9 cannot forward a port in user mode without passt; QEMU's own network stack can, without any right.
    private static XElement? UserModeArguments(MachineDefinition machine) => machine.Network is MachineNetwork.UserMode(var port)
        ? new XElement(Qemu + "commandline",
            Argument("-netdev"), Argument($"user,id=desktop,hostfwd=tcp:127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}-:{RdpPort}"),
            Argument("-device"), Argument($"virtio-net-pci,netdev=desktop,mac={MacOf(machine)},romfile=,addr=0x10"))
        : null;

    private static XElement Argument(string value) => new(Qemu + "arg", new XAttribute("value", value));

    // Locally administered and taken from the UUID: the same machine keeps its address through every refresh.
    private static string MacOf(MachineDefinition machine)
    {
        var id = machine.Machine.Value.ToByteArray(bigEndian: true);
        return $"52:54:00:{id[13]:x2}:{id[14]:x2}:{id[15]:x2}";
    }
}
