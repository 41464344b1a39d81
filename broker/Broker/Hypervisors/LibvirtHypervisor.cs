using System.Runtime.CompilerServices;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>A hypervisor host through libvirt. Every verb runs on the host's own worker, under a deadline.</summary>
internal sealed class LibvirtHypervisor(HypervisorHost host, TimeProvider time, ILogger<LibvirtHypervisor> log) : IHypervisor
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MovePatience = TimeSpan.FromMinutes(14);
    private static readonly TimeSpan SavePatience = TimeSpan.FromSeconds(140);   // within the claim of a step
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan UploadPatience = TimeSpan.FromHours(1), ReadPatience = TimeSpan.FromHours(6);
    // Within this a host that lives says how it is; it is asked on a thread of its own, so that long copies are not taken for silence.
    private static readonly TimeSpan LoadPatience = TimeSpan.FromSeconds(4);
    private readonly HypervisorWorker _worker = new(host.Name, time);
    private readonly HypervisorWorker _asking = new(host.Name, time, threads: 1);
    private readonly Lock _loadAsked = new();
    // Looking at the storage lists all that is in it: not with every question.
    private static readonly TimeSpan StorageLook = TimeSpan.FromMinutes(5);
    private Task<HostLoad>? _load;
    private long? _storageLooked;
    private volatile object? _storageUsed;   // a double
    private volatile bool _silent;
    private readonly HostConnection _connection = new(host, time, log);

    public HostId Host => host.Host;

    private string Name => host.Name;

    private bool IsLocal => host.IsLocal;

    // By the name that we reach it by: the one that it calls itself is often known to nobody else.
    private string? MoveAddress => host.IsLocal ? "127.0.0.1" : Uri.TryCreate(host.Uri, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? uri.Host : null;

    public Task<HostInfo> InfoAsync(CancellationToken ct) => RunAsync(connection => connection.HostInfo(), ct);

    // One question at a time: who asks while the last one is not answered waits for that answer, and a silent host holds one thread.
    public async Task<HostLoad> LoadAsync(CancellationToken ct)
    {
        Task<HostLoad> asked;
        lock (_loadAsked) asked = _load is { IsCompleted: false } last ? last : _load = AskLoadAsync();
        try
        {
            var load = await asked.WaitAsync(LoadPatience, time, ct);
            LookAtStorage();
            return load;
        }
        catch (TimeoutException)
        {
            _silent = !asked.IsCompleted;
            throw new HypervisorUnavailableException($"Host {host.Name} did not answer within {LoadPatience.TotalSeconds:0} s.");
        }
    }

    private async Task<HostLoad> AskLoadAsync()
    {
        try
        {
            return await _asking.RunAsync(_ => Translated(() =>
            {
                var info = _connection.Get().HostInfo();
                return new HostLoad(info.Cpus, info.MemoryBytes >> 20, info.FreeMemoryBytes >> 20, host.IsLocal ? CpuPressure.Read() : null) { StorageUsedPercent = (double?)_storageUsed };
            }), Timeout.InfiniteTimeSpan, CancellationToken.None);
        }
        finally { _silent = false; }   // it answers again, or its connection is broken and says so
    }

    // Beside what the host is asked for: a storage that answers slowly is no silence of the host.
    private void LookAtStorage()
    {
        if (_storageLooked is { } at && time.GetElapsedTime(at) < StorageLook) return;
        _storageLooked = time.GetTimestamp();
        _ = LookAsync();

        async Task LookAsync()
        {
            try { _storageUsed = await RunAsync(connection => (object?)HostStorage.UsedPercent(connection, host), CancellationToken.None); }
            catch (Exception e) { log.StorageNotRead(host.Name, e.Message); }   // busy with a copy, away, or on its way out: what it said before holds until the next look
        }
    }

    public Task EnsureImageAsync(ImageVersionId image, string localPath, IProgress<double>? progress, CancellationToken ct) =>
        _worker.RunAsync(token => Translated(() =>
        {
            var began = time.GetTimestamp();
            using var storage = new HostStorage(_connection.Get(), host);
            if (storage.EnsureImage(image, localPath, progress, token))
                log.ImageUploaded(image, host.Name, time.GetElapsedTime(began).TotalSeconds);
            return true;
        }), UploadPatience, ct);

    public Task<long> DeleteImageAsync(ImageVersionId image, CancellationToken ct) => RunAsync(connection =>
    {
        using var storage = new HostStorage(connection, host);
        return storage.DeleteImage(image);
    }, ct);

    public Task<byte[]?> HashImageAsync(ImageVersionId image, int? mibPerSecond, IProgress<double>? progress, CancellationToken ct) =>
        _worker.RunAsync(token => Translated(() =>
        {
            using var storage = new HostStorage(_connection.Get(), host);
            return storage.HashImage(image, new ReadingPace(mibPerSecond, time), progress, token);
        }), ReadPatience, ct);

    public Task<IReadOnlyList<CaptureSource>> ListCaptureSourcesAsync(CancellationToken ct) => RunAsync(connection =>
    {
        var found = new List<CaptureSource>();
        foreach (var domain in connection.Domains())
            using (domain)
                try { found.Add(new(domain.Uuid, domain.Name, domain.IsActive, DomainDisks.Read(domain.DefinitionXml()).Count)); }
                catch (LibvirtException e) when (e.Code == LibvirtError.NoDomain) { }
        return (IReadOnlyList<CaptureSource>)[.. found.OrderBy(d => d.Name, StringComparer.Ordinal)];
    }, ct);

    public Task FetchDiskAsync(Guid domain, string localPath, IProgress<double>? progress, CancellationToken ct) =>
        _worker.RunAsync(token => Translated(() =>
        {
            var connection = _connection.Get();
            using var found = connection.FindDomain(domain) ?? throw new LibvirtException(LibvirtError.NoDomain, 0, $"Host {host.Name} has no domain {domain}.");
            if (found.IsActive) throw new DomainRunningException(found.Name);
            if (DomainDisks.Read(found.DefinitionXml()) is not [{ } disk]) throw new InvalidDataException($"{found.Name} has not exactly one disk that is a file or a block device.");
            using var storage = new HostStorage(connection, host);
            storage.FetchDisk(connection, disk, domain, localPath, () => { if (found.IsActive) throw new DomainRunningException(found.Name); }, progress, token);
            return true;
        }), ReadPatience, ct);

    public Task CreateOverlayAsync(MachineId machine, int generation, ImageVersionId image, CancellationToken ct) => RunAsync(connection =>
    {
        using var domain = OursOrNull(connection, machine);
        var inUse = domain is not null && MarkOf(domain)!.Generation == generation;
        using var storage = new HostStorage(connection, host);
        storage.CreateOverlay(machine, generation, image, keepExisting: inUse);
        return true;
    }, ct);

    public Task DeleteOtherOverlaysAsync(MachineId machine, int keptGeneration, CancellationToken ct) => RunAsync(connection =>
    {
        using var storage = new HostStorage(connection, host);
        storage.DeleteOtherOverlays(machine, keptGeneration);
        return true;
    }, ct);

    public Task DefineAsync(MachineDefinition definition, CancellationToken ct) => RunAsync(connection =>
    {
        using (var existing = OursOrNull(connection, definition.Machine))
            if (existing is not null) Fence(existing, definition.LeaseEpoch);
        using var storage = new HostStorage(connection, host);
        var place = new DomainPlace(_connection.Kvm, storage.OverlayPath(definition.Machine, definition.Generation),
            Path.Combine(host.StoragePath, StorageXml.Console(definition.Machine)), host.Installation);
        connection.Define(DomainXml.Build(definition, place)).Dispose();
        log.MachineDefined(definition.Machine, host.Name, definition.Generation);
        return true;
    }, ct);

    public Task AdoptAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => RunAsync(connection =>
    {
        using var domain = connection.FindDomain(machine.Value)
            ?? throw new LibvirtException(LibvirtError.NoDomain, 0, $"Host {host.Name} has no domain {machine}.");
        if (MarkOf(domain) is { } mark && mark.Installation != host.Installation) throw new ForeignMachineException(machine);
        if (MarkOf(domain) is null) Mark(domain, new MachineMark(host.Installation, leaseEpoch, 0));
        else Fence(domain, leaseEpoch);
        return true;
    }, ct);

    public Task LetGoAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => RunAsync(connection =>
    {
        using var domain = connection.FindDomain(machine.Value);
        if (domain is null || MarkOf(domain)?.Installation != host.Installation) return false;
        Fence(domain, leaseEpoch);
        domain.RemoveMetadata(MachineMark.Namespace.NamespaceName);
        log.MachineLetGo(machine, host.Name);
        return true;
    }, ct);

    // INVARIANT: memory is only ever restored onto the disk it was saved with; every other start is a boot.
    public Task StartAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => ActAsync(machine, leaseEpoch, domain =>
    {
        if (!domain.IsActive) domain.Start(discardSaved: true);
    }, ct);

    public Task SuspendAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => ActAsync(machine, leaseEpoch, domain =>
    {
        if (domain.IsActive) domain.ManagedSave();
        else if (!domain.HasManagedSave) throw new SavedMemoryException("it is off already.");
    }, ct, SavePatience);

    public Task ResumeAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => ActAsync(machine, leaseEpoch, domain =>
    {
        if (domain.IsActive) return;
        if (!domain.HasManagedSave) throw new SavedMemoryException("the host has none.");
        domain.Start(discardSaved: false);
        // The mark came back as it was saved, and a newer leader may have acted since.
        if (MarkOf(domain) is { } mark && mark.LeaseEpoch < leaseEpoch) Mark(domain, mark with { LeaseEpoch = leaseEpoch });
        // libvirt boots by itself when the file is cut off.
        if (!domain.WasRestored) throw new SavedMemoryException("the host could not read it.");
    }, ct, SavePatience);

    public Task<bool> ConsoleSaysAsync(MachineId machine, string text, CancellationToken ct) => RunAsync(connection =>
    {
        using var storage = new HostStorage(connection, host);
        return storage.Console(machine, ct).Contains(text, StringComparison.Ordinal);
    }, ct);

    public Task KeepRunningStateAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => RunAsync(connection =>
    {
        using var domain = OursOrNull(connection, machine) ?? throw new LibvirtException(LibvirtError.NoDomain, 0, $"Host {host.Name} has no machine {machine}.");
        Fence(domain, leaseEpoch);
        using var storage = new HostStorage(connection, host);
        domain.Save(storage.PathForMemory(machine, DomainXml.MemoryBytes(domain.DefinitionXml())));
        domain.Undefine();
        return true;
    }, ct, SavePatience);

    public Task StartFromRunningStateAsync(MachineId machine, int generation, MachineId state, long leaseEpoch, CancellationToken ct) => RunAsync(connection =>
    {
        using var domain = OursOrNull(connection, machine) ?? throw new LibvirtException(LibvirtError.NoDomain, 0, $"Host {host.Name} has no machine {machine}.");
        Fence(domain, leaseEpoch);
        if (domain.IsActive) return true;
        using var storage = new HostStorage(connection, host);
        storage.CreateOverlayOn(state, machine, generation);
        var copy = storage.CopyMemory(state, machine, domain.SavedXml(), ct);
        try { connection.Restore(copy); }
        finally { storage.DeleteMemory(machine); }
        return true;
    }, ct, SavePatience);

    public Task StopAsync(MachineId machine, StopMode mode, long leaseEpoch, CancellationToken ct) => ActAsync(machine, leaseEpoch, domain =>
    {
        if (!domain.IsActive) return;
        if (mode == StopMode.Force) PullThePlug(domain);
        else domain.Shutdown();
    }, ct);

    public Task RebootAsync(MachineId machine, StopMode mode, long leaseEpoch, CancellationToken ct) => ActAsync(machine, leaseEpoch, domain =>
    {
        if (!domain.IsActive) domain.Start(discardSaved: true);
        else if (mode == StopMode.Force) domain.Reset();
        else domain.Reboot();
    }, ct);

    public Task DeleteAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => RunAsync(connection =>
    {
        Undefine(connection, machine, leaseEpoch);
        using var storage = new HostStorage(connection, host);
        storage.DeleteMachine(machine);
        log.MachineDeleted(machine, host.Name);
        return true;
    }, ct);

    public Task MoveLiveAsync(MachineId machine, IHypervisor destination, long leaseEpoch, CancellationToken ct) => _worker.RunAsync(_ => Translated(() =>
    {
        var to = destination as LibvirtHypervisor ?? throw new LiveMoveException("The other host is not a libvirt host.");
        var target = to.Connected();   // before our own domain is asked anything: what that host fails with is that host's
        using var domain = OursOrNull(_connection.Get(), machine)
            ?? throw new LibvirtException(LibvirtError.NoDomain, 0, $"Host {host.Name} has no machine {machine}.");
        Fence(domain, leaseEpoch);
        try { LibvirtMigration.MoveLive(domain, target, to.MoveAddress, to.IsLocal); }
        catch (LibvirtException e) when (!e.ConnectionLost) { throw new LiveMoveException($"libvirt does not move it to {to.Name}: {e.Message}", e); }
        log.MachineMoved(machine, host.Name, to.Name);
        return true;
    }), MovePatience, ct);

    public Task UnpauseAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => ActAsync(machine, leaseEpoch, domain =>
    {
        if (domain.IsPausedByMigration) domain.Unpause();
    }, ct);

    public Task EvictAsync(MachineId machine, long leaseEpoch, CancellationToken ct) => RunAsync(connection =>
    {
        Undefine(connection, machine, leaseEpoch);
        return true;
    }, ct);

    public Task<IReadOnlyList<HypervisorMachine>> ListAsync(CancellationToken ct) => RunAsync(connection =>
    {
        var ours = new List<HypervisorMachine>();
        foreach (var domain in connection.Domains())
            using (domain)
                // A domain may vanish between the list and the question; then it is not listed.
                try { if (Describe(domain) is { } machine) ours.Add(machine); }
                catch (LibvirtException e) when (e.Code == LibvirtError.NoDomain) { }
        return (IReadOnlyList<HypervisorMachine>)ours;
    }, ct);

    public Task<IReadOnlyList<ForeignDomain>> ListForeignAsync(CancellationToken ct) => RunAsync(connection =>
    {
        var foreign = new List<ForeignDomain>();
        foreach (var domain in connection.Domains())
            using (domain)
                try { if (MarkOf(domain) is null) foreign.Add(new(domain.Uuid, domain.Name, domain.IsActive ? PowerState.On : PowerState.Off)); }
                catch (LibvirtException e) when (e.Code == LibvirtError.NoDomain) { }
        return (IReadOnlyList<ForeignDomain>)[.. foreign.OrderBy(d => d.Name, StringComparer.Ordinal)];
    }, ct);

    public Task<IReadOnlyList<(MachineId Machine, int Generation)>> ListOverlaysAsync(CancellationToken ct) => RunAsync(connection =>
    {
        using var storage = new HostStorage(connection, host);
        return storage.Overlays();
    }, ct);

    public Task<HypervisorMachine?> FindAsync(MachineId machine, CancellationToken ct) => RunAsync(connection =>
    {
        using var domain = connection.FindDomain(machine.Value);
        return domain is null ? null : Describe(domain);
    }, ct);

    public async IAsyncEnumerable<HypervisorEvent> EventsAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var reader = _connection.Listen();
        try
        {
            await foreach (var one in reader.ReadAllAsync(ct)) yield return one;
        }
        finally
        {
            _connection.StopListening(reader);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _worker.Dispose();
        _asking.Dispose();
        // A host that hangs keeps its connection until it answers or the process ends; nobody waits for it here.
        await Task.Run(_connection.Dispose).WaitAsync(ClosePatience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task<T> RunAsync<T>(Func<LibvirtConnection, T> call, CancellationToken ct, TimeSpan? patience = null) =>
        // Calls to a host that is known to be silent would only wait, and hold up what is asked once it is back.
        _silent ? Task.FromException<T>(new HypervisorUnavailableException($"Host {host.Name} does not answer."))
            : _worker.RunAsync(_ => Translated(() => call(_connection.Get())), patience ?? Patience, ct);

    private LibvirtConnection Connected()
    {
        try { return _connection.Get(); }
        catch (LibvirtException e) { throw new HypervisorUnavailableException($"Host {host.Name} cannot be reached: {e.Message}", e); }
    }

    private T Translated<T>(Func<T> call)
    {
        try { return call(); }
        catch (LibvirtException e) when (e.ConnectionLost)
        {
            throw new HypervisorUnavailableException($"Host {host.Name} cannot be reached: {e.Message}", e);
        }
        // Another call holds the domain, such as a save that takes longer than its caller waited for: it is asked again later.
        catch (LibvirtException e) when (e.Code == LibvirtError.OperationTimeout)
        {
            throw new HypervisorUnavailableException($"Host {host.Name} is busy with it: {e.Message}", e);
        }
    }

    private Task<bool> ActAsync(MachineId machine, long leaseEpoch, Action<LibvirtDomain> act, CancellationToken ct, TimeSpan? patience = null) => RunAsync(connection =>
    {
        using var domain = OursOrNull(connection, machine)
            ?? throw new LibvirtException(LibvirtError.NoDomain, 0, $"Host {host.Name} has no machine {machine}.");
        Fence(domain, leaseEpoch);
        act(domain);
        return true;
    }, ct, patience);

    private void Undefine(LibvirtConnection connection, MachineId machine, long leaseEpoch)
    {
        using var domain = OursOrNull(connection, machine);
        if (domain is null) return;
        Fence(domain, leaseEpoch);
        if (domain.IsActive) PullThePlug(domain);
        domain.Undefine();
    }

    private LibvirtDomain? OursOrNull(LibvirtConnection connection, MachineId machine)
    {
        var domain = connection.FindDomain(machine.Value);
        if (domain is null || MarkOf(domain)?.Installation == host.Installation) return domain;
        domain.Dispose();
        throw new ForeignMachineException(machine);
    }

    private HypervisorMachine? Describe(LibvirtDomain domain) =>
        MarkOf(domain) is { } mark && mark.Installation == host.Installation
            ? new HypervisorMachine(new MachineId(domain.Uuid), domain.Name, domain.IsActive ? PowerState.On : PowerState.Off, mark.Generation, mark.LeaseEpoch) { PausedByMove = domain.IsPausedByMigration }
            : null;

    // INVARIANT: once a newer leader has acted on a machine, an older one changes nothing there any more.
    private static void Fence(LibvirtDomain domain, long leaseEpoch)
    {
        var mark = MarkOf(domain) ?? throw new ForeignMachineException(new MachineId(domain.Uuid));
        if (mark.LeaseEpoch > leaseEpoch) throw new StaleLeaseException(new MachineId(domain.Uuid), leaseEpoch, mark.LeaseEpoch);
        if (mark.LeaseEpoch < leaseEpoch) Mark(domain, mark with { LeaseEpoch = leaseEpoch });
    }

    // The guest may power off by itself in the same moment.
    private static void PullThePlug(LibvirtDomain domain)
    {
        try { domain.Destroy(); }
        catch (LibvirtException e) when (e.Code == LibvirtError.OperationInvalid) { }
    }

    private static MachineMark? MarkOf(LibvirtDomain domain) => MachineMark.Read(domain.Metadata(MachineMark.Namespace.NamespaceName));

    private static void Mark(LibvirtDomain domain, MachineMark mark) =>
        domain.SetMetadata(mark.ToBareXml().ToString(), MachineMark.Prefix, MachineMark.Namespace.NamespaceName);
}
