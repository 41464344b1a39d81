using System.Runtime.InteropServices;
using System.Xml.Linq;

namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>
/// One connection to one hypervisor host, by any libvirt URI (qemu:///system, qemu:///session, qemu+ssh://, qemu+tls://).
/// Every call blocks for as long as the host takes: call it from a bounded worker of that host, never from a request thread.
/// </summary>
public sealed unsafe class LibvirtConnection : IDisposable
{
    private const int LifecycleEvent = 0, RebootEvent = 1;
    private readonly ConnectionHandle _handle;
    private readonly List<int> _subscriptions = [];
    private bool _closeWatched;

    private LibvirtConnection(ConnectionHandle handle) => _handle = handle;

    internal ConnectionHandle Handle => _handle;

    /// <summary>Raised on libvirt's event thread; must return at once.</summary>
    public event Action<DomainLifecycleEvent>? DomainChanged;

    /// <summary>Raised on libvirt's event thread when the connection breaks; not when it is disposed.</summary>
    public event Action<string>? Closed;

    /// <summary>True while libvirt believes that the other side answers.</summary>
    public bool IsAlive => !_handle.IsClosed && LibvirtApi.ConnectIsAlive(_handle) == 1;

    /// <summary>Connects and subscribes to domain events.</summary>
    public static LibvirtConnection Open(string uri)
    {
        LibvirtEventLoop.EnsureRunning();
        var connection = new LibvirtConnection(LibvirtApi.ConnectOpen(uri).Checked());
        try
        {
            connection.Watch();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Name, size and free memory of the host.</summary>
    public HostInfo HostInfo()
    {
        LibvirtApi.NodeGetInfo(_handle, out var info).Checked();
        LibvirtApi.ConnectGetLibVersion(_handle, out var version).Checked();
        var free = ReclaimableMemory() ?? LibvirtApi.NodeGetFreeMemory(_handle);
        if (free == 0) throw LibvirtCall.LastError();
        return new HostInfo(LibvirtApi.ConnectGetHostname(_handle).Text(), (int)info.Cpus, (long)info.MemoryKiB * 1024, (long)free,
            new Version((int)(version / 1_000_000), (int)(version / 1000 % 1000), (int)(version % 1000)));
    }

    // Free memory alone leaves out the page cache, which a guest may have: a host that has run for a week would seem full.
    private unsafe ulong? ReclaimableMemory()
    {
        const int allCells = -1;
        var count = 0;
        if (LibvirtApi.NodeGetMemoryStats(_handle, allCells, null, ref count, 0) < 0 || count is <= 0 or > 64) return null;
        var stats = stackalloc LibvirtApi.MemoryStat[count];
        if (LibvirtApi.NodeGetMemoryStats(_handle, allCells, stats, ref count, 0) < 0) return null;
        var sum = 0ul;
        for (var i = 0; i < count; i++)
        {
            var field = new ReadOnlySpan<byte>(stats[i].Field, 80);
            if (field[..field.IndexOf((byte)0)] is var name && (name.SequenceEqual("free"u8) || name.SequenceEqual("buffers"u8) || name.SequenceEqual("cached"u8))) sum += stats[i].KiB;
        }
        return sum == 0 ? null : sum * 1024;
    }

    /// <summary>True when the host says that it runs 64-bit PC guests by KVM.</summary>
    public bool OffersKvm() => XElement.Parse(LibvirtApi.ConnectGetCapabilities(_handle).Text()).Elements("guest").Elements("arch")
        .Any(arch => (string?)arch.Attribute("name") == "x86_64" && arch.Elements("domain").Any(domain => (string?)domain.Attribute("type") == "kvm"));

    /// <summary>All domains of the host, ours and others, running or not.</summary>
    public IReadOnlyList<LibvirtDomain> Domains()
    {
        var count = LibvirtApi.ConnectListAllDomains(_handle, out var list, 0).Checked();
        var domains = new LibvirtDomain[count];
        for (var i = 0; i < count; i++) domains[i] = new LibvirtDomain(new DomainHandle(list[i]));
        LibvirtApi.Free((nint)list);
        return domains;
    }

    /// <summary>The domain with this UUID, or null.</summary>
    public LibvirtDomain? FindDomain(Guid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        fixed (byte* pointer = bytes)
        {
            var handle = LibvirtApi.DomainLookupByUuid(_handle, pointer);
            return handle.IsInvalid && LibvirtApi.GetLastErrorCode() == (int)LibvirtError.NoDomain ? null : new LibvirtDomain(handle.Checked());
        }
    }

    /// <summary>Defines a domain, or redefines the one with the same UUID.</summary>
    public LibvirtDomain Define(string xml) => new(LibvirtApi.DomainDefineXml(_handle, xml, 0).Checked());

    /// <summary>Runs what a file of <see cref="LibvirtDomain.Save"/> on the host holds: the domain that its header describes.</summary>
    public void Restore(string path) => LibvirtApi.DomainRestore(_handle, path, null, 0).Checked();

    /// <summary>The storage pool with this name, or null.</summary>
    public LibvirtStoragePool? FindStoragePool(string name)
    {
        var handle = LibvirtApi.StoragePoolLookupByName(_handle, name);
        return handle.IsInvalid && LibvirtApi.GetLastErrorCode() == (int)LibvirtError.NoStoragePool
            ? null
            : new LibvirtStoragePool(handle.Checked(), _handle);
    }

    /// <summary>A storage pool that is there, started, until it is stopped.</summary>
    public LibvirtStoragePool CreateStoragePool(string xml) => new(LibvirtApi.StoragePoolCreateXml(_handle, xml, 0).Checked(), _handle);

    /// <summary>The volume of any pool that is this file, or null.</summary>
    public LibvirtVolume? FindVolumeByPath(string path)
    {
        var handle = LibvirtApi.StorageVolLookupByPath(_handle, path);
        return handle.IsInvalid && LibvirtApi.GetLastErrorCode() == (int)LibvirtError.NoStorageVolume
            ? null
            : new LibvirtVolume(handle.Checked(), _handle);
    }

    /// <summary>Defines a storage pool; it is neither built nor started yet.</summary>
    public LibvirtStoragePool DefineStoragePool(string xml) => new(LibvirtApi.StoragePoolDefineXml(_handle, xml, 0).Checked(), _handle);

    /// <summary>Ends the subscriptions, then the connection.</summary>
    public void Dispose()
    {
        if (_handle.IsClosed) return;
        // Deregistering lets libvirt call our free functions, which release the GCHandles.
        foreach (var id in _subscriptions) LibvirtApi.ConnectDomainEventDeregisterAny(_handle, id);
        _subscriptions.Clear();
        if (_closeWatched) LibvirtApi.ConnectUnregisterCloseCallback(_handle, &OnClose);
        _handle.Dispose();
    }

    private void Watch()
    {
        // No virConnectSetKeepAlive: when it gives a silent host up while several threads wait for answers, libvirt 9.0
        // crashes the process (ADR 9). Callers have deadlines of their own.
        LibvirtApi.ConnectRegisterCloseCallback(_handle, &OnClose, Root(), &Release).Checked();
        _closeWatched = true;
        delegate* unmanaged<nint, nint, int, int, nint, int> lifecycle = &OnLifecycle;
        delegate* unmanaged<nint, nint, nint, void> reboot = &OnReboot;
        _subscriptions.Add(LibvirtApi.ConnectDomainEventRegisterAny(_handle, 0, LifecycleEvent, lifecycle, Root(), &Release).Checked());
        _subscriptions.Add(LibvirtApi.ConnectDomainEventRegisterAny(_handle, 0, RebootEvent, reboot, Root(), &Release).Checked());
    }

    private nint Root() => GCHandle.ToIntPtr(GCHandle.Alloc(this));

    private static LibvirtConnection From(nint opaque) => (LibvirtConnection)GCHandle.FromIntPtr(opaque).Target!;

    private static Guid UuidOf(nint domain)
    {
        var bytes = stackalloc byte[16];
        LibvirtApi.DomainGetUuid(domain, bytes);
        return new Guid(new ReadOnlySpan<byte>(bytes, 16), bigEndian: true);
    }

    [UnmanagedCallersOnly]
    private static int OnLifecycle(nint connection, nint domain, int what, int detail, nint opaque)
    {
        From(opaque).DomainChanged?.Invoke(new DomainLifecycleEvent(UuidOf(domain), (DomainLifecycle)what, detail));
        return 0;
    }

    [UnmanagedCallersOnly]
    private static void OnReboot(nint connection, nint domain, nint opaque) =>
        From(opaque).DomainChanged?.Invoke(new DomainLifecycleEvent(UuidOf(domain), DomainLifecycle.Rebooted, 0));

    [UnmanagedCallersOnly]
    private static void OnClose(nint connection, int reason, nint opaque) => From(opaque).Closed?.Invoke(reason switch
    {
        0 => "an error on the connection",
        1 => "the host closed the connection",
        2 => "the host stopped answering",
        _ => "closed by us",
    });

    [UnmanagedCallersOnly]
    private static void Release(nint opaque) => GCHandle.FromIntPtr(opaque).Free();
}

/// <summary>Size and free memory of a hypervisor host, in bytes.</summary>
public sealed record HostInfo(string Name, int Cpus, long MemoryBytes, long FreeMemoryBytes, Version LibvirtVersion);
