using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>
/// A host in memory that keeps the promises of <see cref="IHypervisor"/>: domains, images and overlays, the fence of
/// lease epochs, and points at which a test makes it fail or has the broker killed.
/// </summary>
internal sealed class FakeHypervisor(HypervisorHost host) : IHypervisor
{
    private readonly Lock _lock = new();
    private readonly Dictionary<MachineId, HypervisorMachine> _domains = [];
    private readonly HashSet<ImageVersionId> _images = [];
    private readonly Dictionary<MachineId, int> _saved = [];
    private readonly HashSet<MachineId> _states = [];
    // Hosts that share a storage have the same folder.
    private static readonly ConcurrentDictionary<(Guid Installation, string Storage), ConcurrentDictionary<(MachineId Machine, int Generation), ImageVersionId>> Shared = new();
    private readonly ConcurrentDictionary<(MachineId Machine, int Generation), ImageVersionId> _overlays =
        host.SharedStorage is { } storage ? Shared.GetOrAdd((host.Installation, storage), _ => new()) : new();
    private readonly Channel<HypervisorEvent> _events = Channel.CreateUnbounded<HypervisorEvent>();

    public HostId Host => host.Host;

    /// <summary>True while the host does not answer; its machines run on.</summary>
    public bool Away { get; set; }

    /// <summary>Runs before a verb changes anything; what it throws is what the host answers.</summary>
    public Action<string, MachineId> Before { get; set; } = (_, _) => { };

    /// <summary>Runs when a verb is done; what it throws, the broker gets instead of the answer.</summary>
    public Action<string, MachineId> After { get; set; } = (_, _) => { };

    public Task<HostInfo> InfoAsync(CancellationToken ct) => Task.FromResult(new HostInfo(host.Name, 4, 8L << 30, 4L << 30, new Version(9, 0, 0)));

    /// <summary>What the host says of itself.</summary>
    public HostLoad Load { get; set; } = new(4, 65536, 60000, null);

    public Task<HostLoad> LoadAsync(CancellationToken ct) => Read(() => Load);

    public Task EnsureImageAsync(ImageVersionId image, string localPath, IProgress<double>? progress, CancellationToken ct) => Do(() => _images.Add(image));

    public Task<long> DeleteImageAsync(ImageVersionId image, CancellationToken ct) => Read(() => _images.Remove(image) ? 1L : 0L);

    /// <summary>What a reading of an image gives.</summary>
    public Func<ImageVersionId, byte[]?> Hash { get; set; } = _ => new byte[32];

    public Task<byte[]?> HashImageAsync(ImageVersionId image, int? mibPerSecond, IProgress<double>? progress, CancellationToken ct) => Read(() => _images.Contains(image) ? Hash(image) : null);

    public Task<IReadOnlyList<CaptureSource>> ListCaptureSourcesAsync(CancellationToken ct) =>
        Read<IReadOnlyList<CaptureSource>>(() => [.. _domains.Values.Select(d => new CaptureSource(d.Machine.Value, d.Name, d.Power == PowerState.On, 1))]);

    // There is no disk in memory; capturing is tested on the real libvirt.
    public Task FetchDiskAsync(Guid domain, string localPath, IProgress<double>? progress, CancellationToken ct) => throw new NotSupportedException("A host in memory has no disks.");

    public Task CreateOverlayAsync(MachineId machine, int generation, ImageVersionId image, CancellationToken ct) => DoAsync(machine, () =>
    {
        if (!_images.Contains(image)) throw new FileNotFoundException($"Image {image} is not in the storage of the host; bring it there first.");
        _overlays[(machine, generation)] = image;
    });

    public Task DeleteOtherOverlaysAsync(MachineId machine, int keptGeneration, CancellationToken ct) =>
        DoAsync(machine, () => Drop(o => o.Machine == machine && o.Generation != keptGeneration));

    public Task DefineAsync(MachineDefinition definition, CancellationToken ct) => DoAsync(definition.Machine, () =>
    {
        if (!_overlays.ContainsKey((definition.Machine, definition.Generation)))
            throw new FileNotFoundException($"Machine {definition.Machine} has no overlay {definition.Generation} in the storage of the host.");
        var power = _domains.ContainsKey(definition.Machine) ? Fenced(definition.Machine, definition.LeaseEpoch).Power : PowerState.Off;
        _domains[definition.Machine] = new(definition.Machine, definition.Name, power, definition.Generation, definition.LeaseEpoch);
    });

    public Task AdoptAsync(MachineId machine, long leaseEpoch, CancellationToken ct) =>
        DoAsync(machine, () => _domains[machine] = new(machine, machine.ToString(), PowerState.On, 0, leaseEpoch));

    public Task LetGoAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () =>
    {
        if (_domains.ContainsKey(machine)) Fenced(machine, leaseEpoch);
        _domains.Remove(machine);   // no longer listed as ours
    });

    public Task StartAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () =>
    {
        Turn(machine, leaseEpoch, PowerState.On);
        _saved.Remove(machine);
    });

    public Task SuspendAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () =>
    {
        if (Fenced(machine, leaseEpoch) is { Power: PowerState.On } running) _saved[machine] = running.Generation;
        else if (!_saved.ContainsKey(machine)) throw new SavedMemoryException("it is off already.");
        Turn(machine, leaseEpoch, PowerState.Off);
    });

    public Task ResumeAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () =>
    {
        if (Fenced(machine, leaseEpoch).Power == PowerState.On) return;
        if (!_saved.Remove(machine, out var generation)) throw new SavedMemoryException("the host has none.");
        if (_domains[machine].Generation != generation) throw new InvalidOperationException($"{machine} has the memory of another disk.");   // memory goes with the disk it was saved with
        Turn(machine, leaseEpoch, PowerState.On);
        Resumed.Add(machine);
    });

    /// <summary>Machines that went on from saved memory, each time once.</summary>
    public List<MachineId> Resumed { get; } = [];

    /// <summary>Machines whose memory is saved.</summary>
    public IReadOnlyList<MachineId> Saved
    {
        get { lock (_lock) return [.. _saved.Keys]; }
    }

    /// <summary>Somebody deleted the saved memory, without the broker.</summary>
    public void LoseSaved(MachineId machine)
    {
        lock (_lock) _saved.Remove(machine);
    }

    /// <summary>What a machine has written to its serial line.</summary>
    public Func<MachineId, string> Console { get; set; } = _ => "";

    public Task<bool> ConsoleSaysAsync(MachineId machine, string text, CancellationToken ct) => Read(() => Console(machine).Contains(text, StringComparison.Ordinal));

    public Task KeepRunningStateAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () =>
    {
        if (Fenced(machine, leaseEpoch).Power != PowerState.On) throw new LibvirtException(LibvirtError.OperationInvalid, 0, "The domain is not running.");
        _domains.Remove(machine);
        _states.Add(machine);
    });

    public Task StartFromRunningStateAsync(MachineId machine, int generation, MachineId state, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () =>
    {
        if (Fenced(machine, leaseEpoch).Power == PowerState.On) return;
        if (!_states.Contains(state)) throw new SavedMemoryException("it is not in the storage of the host.");
        if (_overlays[(machine, generation)] != _overlays[(state, 1)]) throw new InvalidOperationException($"{machine} has the memory of another image.");
        Turn(machine, leaseEpoch, PowerState.On);
        Started.Add((machine, state));
    });

    /// <summary>Machines that were started from a running state, each time once.</summary>
    public List<(MachineId Machine, MachineId State)> Started { get; } = [];

    public Task StopAsync(MachineId machine, StopMode mode, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () => Turn(machine, leaseEpoch, PowerState.Off));

    public Task RebootAsync(MachineId machine, StopMode mode, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () => Turn(machine, leaseEpoch, PowerState.On));

    public Task DeleteAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () =>
    {
        if (_domains.ContainsKey(machine)) Fenced(machine, leaseEpoch);
        _domains.Remove(machine);
        _saved.Remove(machine);
        _states.Remove(machine);
        Drop(o => o.Machine == machine);
    });

    public Task MoveLiveAsync(MachineId machine, IHypervisor destination, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () =>
    {
        var to = (FakeHypervisor)destination;
        if (host.SharedStorage is null || !ReferenceEquals(_overlays, to._overlays)) throw new LiveMoveException("The disk is not there.");
        to.ThrowIfAway();
        var domain = Fenced(machine, leaseEpoch);
        if (CutMove is { } cut)
        {
            CutMove = null;
            _domains[machine] = domain with { LeaseEpoch = leaseEpoch, PausedByMove = true };
            lock (to._lock)
                if (cut != MoveCut.BeforeArrival) to._domains[machine] = domain with { LeaseEpoch = leaseEpoch, PausedByMove = cut == MoveCut.OnArrival };
            throw new HypervisorUnavailableException("The connection broke.");
        }
        lock (to._lock) to._domains[machine] = domain with { LeaseEpoch = leaseEpoch };
        _domains.Remove(machine);
    });

    /// <summary>The next move breaks off there, and leaves what libvirt leaves then.</summary>
    public MoveCut? CutMove { get; set; }

    public Task UnpauseAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () => _domains[machine] = Fenced(machine, leaseEpoch) with { LeaseEpoch = leaseEpoch, PausedByMove = false });

    public Task EvictAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => DoAsync(machine, () =>
    {
        if (_domains.ContainsKey(machine)) Fenced(machine, leaseEpoch);
        _domains.Remove(machine);
    });

    public Task<IReadOnlyList<HypervisorMachine>> ListAsync(CancellationToken ct) => Read<IReadOnlyList<HypervisorMachine>>(() => [.. _domains.Values]);

    public Task<IReadOnlyList<ForeignDomain>> ListForeignAsync(CancellationToken ct) => Read<IReadOnlyList<ForeignDomain>>(() => []);

    public Task<IReadOnlyList<(MachineId Machine, int Generation)>> ListOverlaysAsync(CancellationToken ct) =>
        Read<IReadOnlyList<(MachineId, int)>>(() => [.. _overlays.Keys]);

    public Task<HypervisorMachine?> FindAsync(MachineId machine, CancellationToken ct) => Read(() => _domains.GetValueOrDefault(machine));

    public async IAsyncEnumerable<HypervisorEvent> EventsAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var one in _events.Reader.ReadAllAsync(ct)) yield return one;
    }

    /// <summary>The domains as they really are, also while the host does not answer.</summary>
    public IReadOnlyList<HypervisorMachine> Truth
    {
        get { lock (_lock) return [.. _domains.Values]; }
    }

    /// <summary>Somebody pulled the plug, without the broker.</summary>
    public void PowerOff(MachineId machine)
    {
        lock (_lock) _domains[machine] = _domains[machine] with { Power = PowerState.Off };
        _events.Writer.TryWrite(new(HypervisorEventKind.Stopped, machine));
    }

    /// <summary>The power of the whole host fails: no machine runs any more, what is defined stays.</summary>
    public void PowerCut()
    {
        Away = true;
        lock (_lock)
            foreach (var machine in _domains.Keys.ToList()) _domains[machine] = _domains[machine] with { Power = PowerState.Off };
    }

    /// <summary>Somebody took the domain, and perhaps its disks, off the host, without the broker.</summary>
    public void Lose(MachineId machine, bool withDisks = true)
    {
        lock (_lock)
        {
            _domains.Remove(machine);
            _saved.Remove(machine);
            if (withDisks) Drop(o => o.Machine == machine);
        }
        _events.Writer.TryWrite(new(HypervisorEventKind.Undefined, machine));
    }

    public ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    private Task DoAsync(MachineId machine, Action act, [CallerMemberName] string verb = "")
    {
        ThrowIfAway();
        Before(verb, machine);
        lock (_lock) act();
        After(verb, machine);
        return Task.CompletedTask;
    }

    private Task Do(Action act)
    {
        ThrowIfAway();
        lock (_lock) act();
        return Task.CompletedTask;
    }

    private Task<T> Read<T>(Func<T> read)
    {
        ThrowIfAway();
        lock (_lock) return Task.FromResult(read());
    }

    private void ThrowIfAway()
    {
        if (Away) throw new HypervisorUnavailableException($"Host {host.Name} does not answer.");
    }

    private void Turn(MachineId machine, long leaseEpoch, PowerState power) =>
        _domains[machine] = Fenced(machine, leaseEpoch) with { Power = power, LeaseEpoch = leaseEpoch };

    private HypervisorMachine Fenced(MachineId machine, long leaseEpoch)
    {
        var domain = _domains.GetValueOrDefault(machine) ?? throw new LibvirtException(LibvirtError.NoDomain, 0, $"Host {host.Name} has no machine {machine}.");
        return domain.LeaseEpoch <= leaseEpoch ? domain : throw new StaleLeaseException(machine, leaseEpoch, domain.LeaseEpoch);
    }

    private void Drop(Func<(MachineId Machine, int Generation), bool> doomed)
    {
        foreach (var overlay in _overlays.Keys.Where(doomed).ToList()) _overlays.TryRemove(overlay, out _);
    }
}

/// <summary>Where a live move is cut off: the other side has nothing, has it standing still, or it went on there.</summary>
public enum MoveCut { BeforeArrival, OnArrival, AfterArrival }
