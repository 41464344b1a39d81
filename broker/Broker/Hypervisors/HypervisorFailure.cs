using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>What a failure of a host means to a person who waits.</summary>
internal static class HypervisorFailure
{
    public static RefusalReason Reason(Exception failure) => failure switch
    {
        HypervisorUnavailableException or TimeoutException => RefusalReason.HostUnavailable,
        FileNotFoundException => RefusalReason.ImageMissing,
        StorageFullException => RefusalReason.StorageFull,
        // libvirt has no code of its own for a full disk; the system's message is what remains.
        LibvirtException { Message: var text } when text.Contains("No space left", StringComparison.OrdinalIgnoreCase) || text.Contains("Disk quota", StringComparison.OrdinalIgnoreCase) => RefusalReason.StorageFull,
        _ => RefusalReason.ProvisioningFailed,
    };

    /// <summary>True when another program of the host has the port that was to be forwarded. Only QEMU's sentence, which libvirt passes on, tells.</summary>
    public static bool IsPortTaken(Exception failure) =>
        failure is LibvirtException && failure.Message.Contains("could not set up host forwarding rule", StringComparison.OrdinalIgnoreCase);
}
