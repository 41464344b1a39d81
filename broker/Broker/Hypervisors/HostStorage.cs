using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Our storage pool on a host: images, overlays and console logs. Blocks; used on the host's worker only.</summary>
internal sealed class HostStorage : IDisposable
{
    private const long LongestConsole = 256 * 1024;
    private readonly LibvirtStoragePool _pool;
    private readonly bool _shared;

    public HostStorage(LibvirtConnection connection, HypervisorHost host)
    {
        _shared = host.SharedStorage is not null;
        _pool = connection.FindStoragePool(host.StoragePool) ?? connection.DefineStoragePool(StorageXml.Pool(host.StoragePool, host.StoragePath));
        if (_pool.IsActive) return;
        _pool.Build();
        _pool.Start();
    }

    /// <summary>Percent of the volume behind our pool that is used, by whomever; null: there is no pool yet, or libvirt cannot say.</summary>
    public static double? UsedPercent(LibvirtConnection connection, HypervisorHost host)
    {
        using var pool = connection.FindStoragePool(host.StoragePool);
        if (pool is not { IsActive: true }) return null;
        pool.Refresh();   // disks grow behind the pool's back
        return pool.Space is { Capacity: > 0 } space ? 100.0 * (space.Capacity - space.Available) / space.Capacity : null;
    }

    /// <summary>True when the image had to be brought.</summary>
    public bool EnsureImage(ImageVersionId image, string localPath, IProgress<double>? progress, CancellationToken ct)
    {
        using (var ready = Find(StorageXml.ImageReady(image)))
            if (ready is not null) return false;
        using var content = File.OpenRead(localPath);
        if (_pool.AvailableBytes < content.Length)
            throw new StorageFullException($"The storage of the host has {_pool.AvailableBytes >> 20} MiB left; the image needs {content.Length >> 20} MiB.");
        Delete(StorageXml.Image(image));
        using (var volume = _pool.CreateVolume(StorageXml.Volume(StorageXml.Image(image), "raw", content.Length)))
            volume.Upload(content, content.Length, sent => progress?.Report((double)sent / content.Length), ct);
        // Only now does libvirt look inside and learn format and size.
        _pool.Refresh();
        _pool.CreateVolume(StorageXml.Volume(StorageXml.ImageReady(image), "raw", 1)).Dispose();
        return true;
    }

    /// <summary>Answers the bytes that became free.</summary>
    public long DeleteImage(ImageVersionId image)
    {
        // Somebody may have deleted or changed the file behind the pool's back.
        _pool.Refresh();
        // The mark goes first: an image without it counts as absent.
        Delete(StorageXml.ImageReady(image));
        long freed;
        using (var volume = _pool.FindVolume(StorageXml.Image(image))) freed = volume?.Size.Allocation ?? 0;
        Delete(StorageXml.Image(image));
        return freed;
    }

    public byte[]? HashImage(ImageVersionId image, ReadingPace pace, IProgress<double>? progress, CancellationToken ct)
    {
        _pool.Refresh();
        using var ready = _pool.FindVolume(StorageXml.ImageReady(image));
        using var volume = _pool.FindVolume(StorageXml.Image(image));
        if (ready is null || volume is null) return null;
        var (total, length) = (0L, Math.Max(1, volume.Size.Allocation));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        volume.Download(piece =>
        {
            hash.AppendData(piece);
            total += piece.Length;
            progress?.Report(Math.Min(1, (double)total / length));
            pace.Read(piece.Length, ct);
        }, ct);
        return hash.GetHashAndReset();
    }

    /// <summary>
    /// The host itself makes one whole disk of the file and all that it is an overlay of; that one is fetched and deleted.
    /// </summary>
    public void FetchDisk(LibvirtConnection connection, string disk, Guid domain, string localPath, Action stillOff, IProgress<double>? progress, CancellationToken ct)
    {
        var name = StorageXml.Capture(domain);
        _pool.Refresh();
        Delete(name);   // of a broker that was killed
        // A disk outside of every pool gets one for the moment.
        var source = connection.FindVolumeByPath(disk);
        using var borrowed = source is null ? connection.CreateStoragePool(StorageXml.Pool($"montalegre-capture-{domain:N}", Path.GetDirectoryName(disk) ?? "/")) : null;
        try
        {
            source ??= borrowed!.FindVolume(Path.GetFileName(disk)) ?? throw new FileNotFoundException($"The host has no disk {disk}.");
            if (_pool.AvailableBytes < source.Size.Allocation)
                throw new StorageFullException($"The storage of the host has {_pool.AvailableBytes >> 20} MiB left; a copy of the disk needs {source.Size.Allocation >> 20} MiB or more.");
            using var whole = _pool.CreateVolumeFrom(StorageXml.Volume(name, "qcow2", source.Size.Capacity), source);
            stillOff();
            var (total, length) = (0L, Math.Max(1, whole.Size.Allocation));
            using var file = new FileStream(localPath, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
            whole.Download(piece =>
            {
                file.Write(piece);
                total += piece.Length;
                progress?.Report(Math.Min(1, (double)total / length));
            }, ct);
            file.Flush(flushToDisk: true);
        }
        finally
        {
            source?.Dispose();
            Delete(name);
            borrowed?.Stop();
        }
    }

    public void CreateOverlay(MachineId machine, int generation, ImageVersionId image, bool keepExisting)
    {
        var name = StorageXml.Overlay(machine, generation);
        using (var existing = _pool.FindVolume(name))
        {
            if (existing is not null && keepExisting) return;
            existing?.Delete();
        }
        using var source = Find(StorageXml.Image(image))
            ?? throw new FileNotFoundException($"Image {image} is not in the storage of the host; bring it there first.");
        _pool.CreateVolume(StorageXml.Volume(name, "qcow2", source.Size.Capacity, source.Path)).Dispose();
    }

    /// <summary>An overlay over the disk that a running state was saved with.</summary>
    public void CreateOverlayOn(MachineId state, MachineId machine, int generation)
    {
        using var disk = Find(StorageXml.Overlay(state, 1)) ?? throw new SavedMemoryException("its disk is not in the storage of the host.");
        Delete(StorageXml.Overlay(machine, generation));
        _pool.CreateVolume(StorageXml.Volume(StorageXml.Overlay(machine, generation), "qcow2", disk.Size.Capacity, disk.Path)).Dispose();
    }

    /// <summary>Where libvirt writes a machine's memory to, with room for it.</summary>
    public string PathForMemory(MachineId machine, long bytes)
    {
        if (_pool.AvailableBytes < bytes) throw new StorageFullException($"The storage of the host has {_pool.AvailableBytes >> 20} MiB left; the machine's memory needs up to {bytes >> 20} MiB.");
        using var overlay = Find(StorageXml.Overlay(machine, 1)) ?? throw new FileNotFoundException($"Machine {machine} has no overlay.");
        return Path.Combine(Path.GetDirectoryName(overlay.Path) ?? "/", StorageXml.Memory(machine));
    }

    /// <summary>A copy of a running state's memory whose header describes another machine; answers where it lies.</summary>
    public string CopyMemory(MachineId state, MachineId machine, string definition, CancellationToken ct)
    {
        if (_pool.FindVolume(StorageXml.Memory(state)) is null) _pool.Refresh();   // libvirt's save wrote it behind the pool's back
        using var memory = _pool.FindVolume(StorageXml.Memory(state)) ?? throw new SavedMemoryException("it is not in the storage of the host.");
        using var head = new MemoryStream();
        memory.Download(piece => head.Write(piece), ct, SavedMemory.LongestHead);
        var changed = SavedMemory.ForMachine(head.ToArray(), definition);
        Delete(StorageXml.Memory(machine));
        using var copy = _pool.CreateVolumeFrom(StorageXml.Volume(StorageXml.Memory(machine), "raw", memory.Size.Capacity), memory);
        using var content = new MemoryStream(changed);
        copy.Upload(content, changed.Length, null, ct);
        return copy.Path;
    }

    /// <summary>The copy has been read.</summary>
    public void DeleteMemory(MachineId machine) => Delete(StorageXml.Memory(machine));

    /// <summary>What a machine wrote to its serial line, at most the first 256 KiB of it; empty when it has written nothing.</summary>
    public string Console(MachineId machine, CancellationToken ct)
    {
        _pool.Refresh();   // QEMU made it behind the pool's back
        using var console = _pool.FindVolume(StorageXml.Console(machine));
        if (console is null || console.Size.Capacity == 0) return "";
        using var text = new MemoryStream();
        console.Download(piece => text.Write(piece), ct, Math.Min(console.Size.Capacity, LongestConsole));
        return Encoding.UTF8.GetString(text.ToArray());
    }

    public string OverlayPath(MachineId machine, int generation)
    {
        using var overlay = Find(StorageXml.Overlay(machine, generation))
            ?? throw new FileNotFoundException($"Machine {machine} has no overlay {generation} in the storage of the host.");
        return overlay.Path;
    }

    public void DeleteOtherOverlays(MachineId machine, int keptGeneration)
    {
        // Another host may have made them.
        if (_shared) _pool.Refresh();
        DeleteWhere(name => StorageXml.ReadOverlay(name) is { } overlay && overlay.Machine == machine && overlay.Generation != keptGeneration);
    }

    public void DeleteMachine(MachineId machine)
    {
        // QEMU made the console log behind the pool's back.
        _pool.Refresh();
        DeleteWhere(name => name.StartsWith(StorageXml.MachinePrefix(machine), StringComparison.Ordinal));
    }

    public IReadOnlyList<(MachineId Machine, int Generation)> Overlays()
    {
        var overlays = new List<(MachineId, int)>();
        foreach (var volume in _pool.Volumes())
            using (volume)
                if (StorageXml.ReadOverlay(volume.Name) is { } overlay) overlays.Add(overlay);
        return overlays;
    }

    public void Dispose() => _pool.Dispose();

    // libvirt does not see what another host put into the folder before it looks again.
    private LibvirtVolume? Find(string name)
    {
        if (_pool.FindVolume(name) is { } known) return known;
        if (!_shared) return null;
        _pool.Refresh();
        return _pool.FindVolume(name);
    }

    private void DeleteWhere(Func<string, bool> doomed)
    {
        foreach (var volume in _pool.Volumes())
            using (volume)
                if (doomed(volume.Name)) volume.Delete();
    }

    private void Delete(string name)
    {
        using var volume = _pool.FindVolume(name);
        volume?.Delete();
    }
}
