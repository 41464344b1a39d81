using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Our storage pool on a host: images, overlays and console logs. Blocks; used on the host's worker only.</summary>
internal sealed class HostStorage : IDisposable
{
    private readonly LibvirtStoragePool _pool;

    public HostStorage(LibvirtConnection connection, HypervisorHost host)
    {
        _pool = connection.FindStoragePool(host.StoragePool) ?? connection.DefineStoragePool(StorageXml.Pool(host.StoragePool, host.StoragePath));
        if (_pool.IsActive) return;
        _pool.Build();
        _pool.Start();
    }

    /// <summary>True when the image had to be brought.</summary>
    public bool EnsureImage(ImageVersionId image, string localPath, IProgress<double>? progress, CancellationToken ct)
    {
        using (var ready = _pool.FindVolume(StorageXml.ImageReady(image)))
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

    public void DeleteImage(ImageVersionId image)
    {
        // The mark goes first: an image without it counts as absent.
        Delete(StorageXml.ImageReady(image));
        Delete(StorageXml.Image(image));
    }

    public void CreateOverlay(MachineId machine, int generation, ImageVersionId image, bool keepExisting)
    {
        var name = StorageXml.Overlay(machine, generation);
        using (var existing = _pool.FindVolume(name))
        {
            if (existing is not null && keepExisting) return;
            existing?.Delete();
        }
        using var source = _pool.FindVolume(StorageXml.Image(image))
            ?? throw new FileNotFoundException($"Image {image} is not in the storage of the host; bring it there first.");
        _pool.CreateVolume(StorageXml.Volume(name, "qcow2", source.Size.Capacity, source.Path)).Dispose();
    }

    public string OverlayPath(MachineId machine, int generation)
    {
        using var overlay = _pool.FindVolume(StorageXml.Overlay(machine, generation))
            ?? throw new FileNotFoundException($"Machine {machine} has no overlay {generation} in the storage of the host.");
        return overlay.Path;
    }

    public void DeleteOtherOverlays(MachineId machine, int keptGeneration) =>
        DeleteWhere(name => StorageXml.ReadOverlay(name) is { } overlay && overlay.Machine == machine && overlay.Generation != keptGeneration);

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
