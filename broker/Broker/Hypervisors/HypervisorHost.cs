using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Where a hypervisor is, where it keeps our volumes, and in whose name we mark machines there.</summary>
internal sealed record HypervisorHost(HostId Host, string Name, string Uri, string StoragePath, Guid Installation)
{
    /// <summary>Name of the storage that other hosts see at the same path; null: it is the host's own.</summary>
    public string? SharedStorage { get; init; }

    /// <summary>Name of our storage pool on the host; another installation on the same host has its own.</summary>
    public string StoragePool => $"montalegre-{Installation:N}";

    /// <summary>True when machines run on this computer, so that its KVM can be probed.</summary>
    public bool IsLocal => System.Uri.TryCreate(Uri, UriKind.Absolute, out var uri) && (uri.Host.Length == 0 || uri.IsLoopback);
}
