using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>
/// One hypervisor host, in verbs for a reconciler: each may be repeated after a crash and then finds its work done.
/// Each ends within its deadline, by <see cref="HypervisorUnavailableException"/> if the host does not answer.
/// </summary>
internal interface IHypervisor : IAsyncDisposable
{
    HostId Host { get; }

    Task<HostInfo> InfoAsync(CancellationToken ct);

    /// <summary>Memory and processors as they are right now.</summary>
    Task<HostLoad> LoadAsync(CancellationToken ct);

    /// <summary>Brings a golden image to the host's storage unless it is there, complete. Progress runs from 0 to 1.</summary>
    Task EnsureImageAsync(ImageVersionId image, string localPath, IProgress<double>? progress, CancellationToken ct);

    /// <summary>Removes an image from the host's storage; the caller knows that no overlay needs it. Answers the bytes that became free.</summary>
    Task<long> DeleteImageAsync(ImageVersionId image, CancellationToken ct);

    /// <summary>SHA-256 of the image as the host's storage has it now; null when it is not there, or not complete.</summary>
    /// <param name="image">The image.</param>
    /// <param name="mibPerSecond">How fast it is read at most; null as fast as it goes.</param>
    /// <param name="progress">Runs from 0 to 1.</param>
    /// <param name="ct">Ends the reading.</param>
    Task<byte[]?> HashImageAsync(ImageVersionId image, int? mibPerSecond, IProgress<double>? progress, CancellationToken ct);

    /// <summary>Every domain of the host, ours or not, with how many disks it has: what a golden image could be taken from.</summary>
    Task<IReadOnlyList<CaptureSource>> ListCaptureSourcesAsync(CancellationToken ct);

    /// <summary>Writes the only disk of a domain that is off to a local file, whole, as qcow2. The domain is not changed.</summary>
    /// <exception cref="DomainRunningException">It runs, or began to meanwhile.</exception>
    Task FetchDiskAsync(Guid domain, string localPath, IProgress<double>? progress, CancellationToken ct);

    /// <summary>Makes a fresh overlay. One that a defined machine already uses under this generation stays as it is.</summary>
    Task CreateOverlayAsync(MachineId machine, int generation, ImageVersionId image, CancellationToken ct);

    /// <summary>Deletes a machine's overlays of other generations.</summary>
    Task DeleteOtherOverlaysAsync(MachineId machine, int keptGeneration, CancellationToken ct);

    /// <summary>Defines the machine, or redefines it; a running one takes the change at its next start.</summary>
    Task DefineAsync(MachineDefinition definition, CancellationToken ct);

    /// <summary>Marks an existing domain as ours, without changing anything else in it.</summary>
    Task AdoptAsync(MachineId machine, long leaseEpoch, CancellationToken ct);

    /// <summary>Takes our mark off an adopted domain; the domain, its disks and whether it runs stay as they are.</summary>
    Task LetGoAsync(MachineId machine, long leaseEpoch, CancellationToken ct);

    /// <summary>Boots the machine; memory that was saved is thrown away.</summary>
    Task StartAsync(MachineId machine, long leaseEpoch, CancellationToken ct);

    /// <summary>Saves the memory of a running machine, which is off on return. One that was saved already stays as it is.</summary>
    /// <exception cref="SavedMemoryException">It is off, and nothing is saved.</exception>
    Task SuspendAsync(MachineId machine, long leaseEpoch, CancellationToken ct);

    /// <summary>Starts the machine where it was saved. One that runs already stays as it is.</summary>
    /// <exception cref="SavedMemoryException">Nothing is saved, or what is saved cannot be used.</exception>
    Task ResumeAsync(MachineId machine, long leaseEpoch, CancellationToken ct);

    /// <summary>True when the machine wrote this to its serial line since it was switched on.</summary>
    Task<bool> ConsoleSaysAsync(MachineId machine, string text, CancellationToken ct);

    /// <summary>Saves memory and devices of a running machine to our storage and takes its domain off the host: its disk and this are a running state, from which others are made.</summary>
    Task KeepRunningStateAsync(MachineId machine, long leaseEpoch, CancellationToken ct);

    /// <summary>
    /// Runs a defined machine from a running state, on a fresh overlay over that state's disk, under its own name, UUID, port
    /// and SMBIOS strings. One that runs already stays as it is. The guest must find out who it is by itself.
    /// </summary>
    /// <exception cref="SavedMemoryException">The state is not there, or does not fit the machine.</exception>
    Task StartFromRunningStateAsync(MachineId machine, int generation, MachineId state, long leaseEpoch, CancellationToken ct);

    /// <summary>Graceful asks the guest and returns at once; Force has it off on return.</summary>
    Task StopAsync(MachineId machine, StopMode mode, long leaseEpoch, CancellationToken ct);

    Task RebootAsync(MachineId machine, StopMode mode, long leaseEpoch, CancellationToken ct);

    /// <summary>Takes the machine off the host with all its overlays.</summary>
    Task DeleteAsync(MachineId machine, long leaseEpoch, CancellationToken ct);

    /// <summary>Moves a running machine with its sessions to a host that sees the same disks. On return it runs there and is gone here.</summary>
    /// <exception cref="LiveMoveException">It cannot be moved; it runs here as before.</exception>
    Task MoveLiveAsync(MachineId machine, IHypervisor destination, long leaseEpoch, CancellationToken ct);

    /// <summary>Lets a machine go on that a move which was cut off left standing still; the caller knows that no other host has it. Another one stays as it is.</summary>
    Task UnpauseAsync(MachineId machine, long leaseEpoch, CancellationToken ct);

    /// <summary>Takes the machine off the host and leaves its disks: another host has them.</summary>
    Task EvictAsync(MachineId machine, long leaseEpoch, CancellationToken ct);

    /// <summary>Our machines on this host. Foreign domains are not listed.</summary>
    Task<IReadOnlyList<HypervisorMachine>> ListAsync(CancellationToken ct);

    /// <summary>The domains of others on this host, by name: those that may be adopted.</summary>
    Task<IReadOnlyList<ForeignDomain>> ListForeignAsync(CancellationToken ct);

    /// <summary>Overlays in our storage, so that one without a record can be found.</summary>
    Task<IReadOnlyList<(MachineId Machine, int Generation)>> ListOverlaysAsync(CancellationToken ct);

    /// <summary>Null when the host has no such machine of ours.</summary>
    Task<HypervisorMachine?> FindAsync(MachineId machine, CancellationToken ct);

    /// <summary>What happens on the host, from now on. Events can be lost: <see cref="HypervisorEventKind.Connected"/> asks for a fresh list.</summary>
    IAsyncEnumerable<HypervisorEvent> EventsAsync(CancellationToken ct);
}

/// <summary>What a host has and what of it is free, in MiB; pressure as <see cref="HostOffer.CpuPressure"/>.</summary>
internal sealed record HostLoad(int Cpus, long MemoryMib, long FreeMemoryMib, double? CpuPressure)
{
    /// <summary>Of the storage for our machines; null: it was not looked at this time.</summary>
    public double? StorageUsedPercent { get; init; }
}

/// <summary>How to stop: ask the guest, or pull the plug.</summary>
internal enum StopMode { Graceful, Force }

/// <summary>One of our machines as its host has it.</summary>
internal sealed record HypervisorMachine(MachineId Machine, string Name, PowerState Power, int Generation, long LeaseEpoch)
{
    /// <summary>It stands still in the middle of a live move. Without one under way, the move was cut off.</summary>
    public bool PausedByMove { get; init; }
}

/// <summary>A domain that nobody has marked as ours.</summary>
internal sealed record ForeignDomain(Guid Domain, string Name, PowerState Power);

/// <summary>A domain whose disk could become an image.</summary>
internal sealed record CaptureSource(Guid Domain, string Name, bool Running, int Disks);

/// <summary>What happened; Connected and Disconnected are about the host, not a machine.</summary>
internal enum HypervisorEventKind { Connected, Disconnected, Started, Stopped, Rebooted, Undefined }

/// <summary>One event. The machine may be a foreign one: whoever reads it looks it up in his own records.</summary>
internal readonly record struct HypervisorEvent(HypervisorEventKind Kind, MachineId? Machine);

/// <summary>The host does not answer, or not in time; trying again later may help.</summary>
internal sealed class HypervisorUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The domain runs: its disk changes while it would be read.</summary>
internal sealed class DomainRunningException(string name) : Exception($"{name} is running; shut it down first.");

/// <summary>A running machine could not be moved, and runs on where it was.</summary>
internal sealed class LiveMoveException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>There is no saved memory to go on from.</summary>
internal sealed class SavedMemoryException(string message) : Exception(message);

/// <summary>The host's storage has no room for it.</summary>
internal sealed class StorageFullException(string message) : IOException(message);

/// <summary>An older leader asked; a newer one has already acted on this machine.</summary>
internal sealed class StaleLeaseException(MachineId machine, long asked, long seen) : Exception(
    $"Machine {machine} was last changed under lease epoch {seen}; epoch {asked} is over.");

/// <summary>The domain exists but is not ours.</summary>
internal sealed class ForeignMachineException(MachineId machine) : Exception(
    $"Domain {machine} on the host belongs to somebody else; adopt it first or choose another.");
