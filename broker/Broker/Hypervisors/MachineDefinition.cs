using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Everything that a hypervisor must know to make one machine.</summary>
/// <param name="Machine">Also the domain's UUID and the UUID that the guest reads from SMBIOS.</param>
/// <param name="Name">Domain name; unique on its host.</param>
/// <param name="Generation">Which overlay the machine runs on.</param>
/// <param name="OemStrings">Handed to the guest as SMBIOS type 11; the join document travels here.</param>
/// <param name="LeaseEpoch">Epoch of the leader that asks.</param>
internal sealed record MachineDefinition(
    MachineId Machine,
    string Name,
    int Cpus,
    int MemoryMiB,
    int Generation,
    MachineNetwork Network,
    IReadOnlyList<string> OemStrings,
    long LeaseEpoch);

/// <summary>How a machine reaches the network.</summary>
internal abstract record MachineNetwork
{
    private MachineNetwork() { }

    /// <summary>Traffic stays on the host's loopback: the guest's RDP port is forwarded, and 10.0.2.2 is the host to the guest.</summary>
    public sealed record UserMode(int ForwardedPort) : MachineNetwork;

    /// <summary>A network that libvirt manages.</summary>
    public sealed record Network(string Name) : MachineNetwork;

    /// <summary>A bridge that the host's administrator made.</summary>
    public sealed record Bridge(string Name) : MachineNetwork;

    /// <summary>Reads the setting of a host: user, network:name or bridge:name. The port counts for user mode only.</summary>
    public static MachineNetwork Parse(string setting, int? forwardedPort) => setting.Split(':', 2) switch
    {
        ["user"] when forwardedPort is { } port => new UserMode(port),
        ["user"] => throw new FormatException("User-mode networking needs a forwarded port."),
        ["network", { Length: > 0 } name] => new Network(name),
        ["bridge", { Length: > 0 } name] => new Bridge(name),
        _ => throw new FormatException($"'{setting}' is no network; use user, network:<name> or bridge:<name>."),
    };
}
