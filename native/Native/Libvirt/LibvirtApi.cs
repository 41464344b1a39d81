using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>libvirt's C functions, as they are. The signatures assume a 64-bit Linux (unsigned long is 64 bits).</summary>
internal static unsafe partial class LibvirtApi
{
    private const string Library = "libvirt.so.0";

    [LibraryImport(Library, EntryPoint = "virInitialize")]
    internal static partial int Initialize();

    [LibraryImport(Library, EntryPoint = "virSetErrorFunc")]
    internal static partial void SetErrorFunc(nint userData, delegate* unmanaged<nint, nint, void> handler);

    [LibraryImport(Library, EntryPoint = "virGetLastErrorCode")]
    internal static partial int GetLastErrorCode();

    [LibraryImport(Library, EntryPoint = "virGetLastErrorDomain")]
    internal static partial int GetLastErrorDomain();

    [LibraryImport(Library, EntryPoint = "virGetLastErrorMessage")]
    internal static partial nint GetLastErrorMessage();

    [LibraryImport(Library, EntryPoint = "virEventRegisterDefaultImpl")]
    internal static partial int EventRegisterDefaultImpl();

    [LibraryImport(Library, EntryPoint = "virEventRunDefaultImpl")]
    internal static partial int EventRunDefaultImpl();

    [LibraryImport(Library, EntryPoint = "virConnectOpen", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial ConnectionHandle ConnectOpen(string uri);

    [LibraryImport(Library, EntryPoint = "virConnectClose")]
    internal static partial int ConnectClose(nint connection);

    [LibraryImport(Library, EntryPoint = "virConnectIsAlive")]
    internal static partial int ConnectIsAlive(ConnectionHandle connection);

    [LibraryImport(Library, EntryPoint = "virConnectRegisterCloseCallback")]
    internal static partial int ConnectRegisterCloseCallback(ConnectionHandle connection,
        delegate* unmanaged<nint, int, nint, void> callback, nint opaque, delegate* unmanaged<nint, void> free);

    [LibraryImport(Library, EntryPoint = "virConnectUnregisterCloseCallback")]
    internal static partial int ConnectUnregisterCloseCallback(ConnectionHandle connection,
        delegate* unmanaged<nint, int, nint, void> callback);

    [LibraryImport(Library, EntryPoint = "virConnectDomainEventRegisterAny")]
    internal static partial int ConnectDomainEventRegisterAny(ConnectionHandle connection, nint domain, int eventId,
        void* callback, nint opaque, delegate* unmanaged<nint, void> free);

    [LibraryImport(Library, EntryPoint = "virConnectDomainEventDeregisterAny")]
    internal static partial int ConnectDomainEventDeregisterAny(ConnectionHandle connection, int callbackId);

    [LibraryImport(Library, EntryPoint = "virConnectGetCapabilities")]
    internal static partial LibvirtText ConnectGetCapabilities(ConnectionHandle connection);

    [LibraryImport(Library, EntryPoint = "virConnectGetHostname")]
    internal static partial LibvirtText ConnectGetHostname(ConnectionHandle connection);

    [LibraryImport(Library, EntryPoint = "virConnectGetLibVersion")]
    internal static partial int ConnectGetLibVersion(ConnectionHandle connection, out ulong version);

    [LibraryImport(Library, EntryPoint = "virNodeGetFreeMemory")]
    internal static partial ulong NodeGetFreeMemory(ConnectionHandle connection);

    [LibraryImport(Library, EntryPoint = "virNodeGetMemoryStats")]
    internal static partial int NodeGetMemoryStats(ConnectionHandle connection, int cell, MemoryStat* stats, ref int count, uint flags);

    [LibraryImport(Library, EntryPoint = "virNodeGetInfo")]
    internal static partial int NodeGetInfo(ConnectionHandle connection, out NodeInfo info);

    [LibraryImport(Library, EntryPoint = "virConnectListAllDomains")]
    internal static partial int ConnectListAllDomains(ConnectionHandle connection, out nint* domains, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainLookupByUUID")]
    internal static partial DomainHandle DomainLookupByUuid(ConnectionHandle connection, byte* uuid);

    [LibraryImport(Library, EntryPoint = "virDomainDefineXMLFlags", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial DomainHandle DomainDefineXml(ConnectionHandle connection, string xml, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainCreateWithFlags")]
    internal static partial int DomainCreateWithFlags(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainManagedSave")]
    internal static partial int DomainManagedSave(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainHasManagedSaveImage")]
    internal static partial int DomainHasManagedSaveImage(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainSaveFlags", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainSave(DomainHandle domain, string path, string? xml, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainRestoreFlags", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainRestore(ConnectionHandle connection, string path, string? xml, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainShutdownFlags")]
    internal static partial int DomainShutdown(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainDestroyFlags")]
    internal static partial int DomainDestroy(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainReboot")]
    internal static partial int DomainReboot(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainReset")]
    internal static partial int DomainReset(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainUndefineFlags")]
    internal static partial int DomainUndefine(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainResume")]
    internal static partial int DomainResume(DomainHandle domain);

    [LibraryImport(Library, EntryPoint = "virDomainGetState")]
    internal static partial int DomainGetState(DomainHandle domain, out int state, out int reason, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainGetXMLDesc")]
    internal static partial LibvirtText DomainGetXmlDesc(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainGetMetadata", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LibvirtText DomainGetMetadata(DomainHandle domain, int type, string uri, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainSetMetadata", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainSetMetadata(DomainHandle domain, int type, string? metadata, string? key, string uri, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainGetUUID")]
    internal static partial int DomainGetUuid(nint domain, byte* uuid);

    [LibraryImport(Library, EntryPoint = "virDomainGetName")]
    internal static partial nint DomainGetName(DomainHandle domain);

    [LibraryImport(Library, EntryPoint = "virDomainFree")]
    internal static partial int DomainFree(nint domain);

    [LibraryImport(Library, EntryPoint = "virStoragePoolLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial StoragePoolHandle StoragePoolLookupByName(ConnectionHandle connection, string name);

    [LibraryImport(Library, EntryPoint = "virStoragePoolDefineXML", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial StoragePoolHandle StoragePoolDefineXml(ConnectionHandle connection, string xml, uint flags);

    [LibraryImport(Library, EntryPoint = "virStoragePoolBuild")]
    internal static partial int StoragePoolBuild(StoragePoolHandle pool, uint flags);

    [LibraryImport(Library, EntryPoint = "virStoragePoolCreate")]
    internal static partial int StoragePoolCreate(StoragePoolHandle pool, uint flags);

    [LibraryImport(Library, EntryPoint = "virStoragePoolDestroy")]
    internal static partial int StoragePoolDestroy(StoragePoolHandle pool);

    [LibraryImport(Library, EntryPoint = "virStoragePoolUndefine")]
    internal static partial int StoragePoolUndefine(StoragePoolHandle pool);

    [LibraryImport(Library, EntryPoint = "virStoragePoolIsActive")]
    internal static partial int StoragePoolIsActive(StoragePoolHandle pool);

    [LibraryImport(Library, EntryPoint = "virStoragePoolRefresh")]
    internal static partial int StoragePoolRefresh(StoragePoolHandle pool, uint flags);

    [LibraryImport(Library, EntryPoint = "virStoragePoolGetInfo")]
    internal static partial int StoragePoolGetInfo(StoragePoolHandle pool, out PoolInfo info);

    [LibraryImport(Library, EntryPoint = "virStoragePoolListAllVolumes")]
    internal static partial int StoragePoolListAllVolumes(StoragePoolHandle pool, out nint* volumes, uint flags);

    [LibraryImport(Library, EntryPoint = "virStoragePoolFree")]
    internal static partial int StoragePoolFree(nint pool);

    [LibraryImport(Library, EntryPoint = "virStorageVolLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial StorageVolumeHandle StorageVolLookupByName(StoragePoolHandle pool, string name);

    [LibraryImport(Library, EntryPoint = "virStorageVolCreateXML", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial StorageVolumeHandle StorageVolCreateXml(StoragePoolHandle pool, string xml, uint flags);

    [LibraryImport(Library, EntryPoint = "virStorageVolDelete")]
    internal static partial int StorageVolDelete(StorageVolumeHandle volume, uint flags);

    [LibraryImport(Library, EntryPoint = "virStorageVolGetInfo")]
    internal static partial int StorageVolGetInfo(StorageVolumeHandle volume, out VolumeInfo info);

    [LibraryImport(Library, EntryPoint = "virStorageVolGetName")]
    internal static partial nint StorageVolGetName(StorageVolumeHandle volume);

    [LibraryImport(Library, EntryPoint = "virStorageVolGetPath")]
    internal static partial LibvirtText StorageVolGetPath(StorageVolumeHandle volume);

    [LibraryImport(Library, EntryPoint = "virStorageVolUpload")]
    internal static partial int StorageVolUpload(StorageVolumeHandle volume, StreamHandle stream, ulong offset, ulong length, uint flags);

    [LibraryImport(Library, EntryPoint = "virStorageVolDownload")]
    internal static partial int StorageVolDownload(StorageVolumeHandle volume, StreamHandle stream, ulong offset, ulong length, uint flags);

    [LibraryImport(Library, EntryPoint = "virStorageVolLookupByPath", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial StorageVolumeHandle StorageVolLookupByPath(ConnectionHandle connection, string path);

    [LibraryImport(Library, EntryPoint = "virStorageVolCreateXMLFrom", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial StorageVolumeHandle StorageVolCreateXmlFrom(StoragePoolHandle pool, string xml, StorageVolumeHandle source, uint flags);

    [LibraryImport(Library, EntryPoint = "virStoragePoolCreateXML", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial StoragePoolHandle StoragePoolCreateXml(ConnectionHandle connection, string xml, uint flags);

    [LibraryImport(Library, EntryPoint = "virStorageVolFree")]
    internal static partial int StorageVolFree(nint volume);

    [LibraryImport(Library, EntryPoint = "virStreamNew")]
    internal static partial StreamHandle StreamNew(ConnectionHandle connection, uint flags);

    [LibraryImport(Library, EntryPoint = "virStreamSend")]
    internal static partial int StreamSend(StreamHandle stream, byte* data, nuint length);

    [LibraryImport(Library, EntryPoint = "virStreamRecv")]
    internal static partial int StreamRecv(StreamHandle stream, byte* data, nuint length);

    [LibraryImport(Library, EntryPoint = "virStreamFinish")]
    internal static partial int StreamFinish(StreamHandle stream);

    [LibraryImport(Library, EntryPoint = "virStreamAbort")]
    internal static partial int StreamAbort(StreamHandle stream);

    [LibraryImport(Library, EntryPoint = "virStreamFree")]
    internal static partial int StreamFree(nint stream);

    // libvirt allocates with malloc, and says: the caller must free().
    [LibraryImport("libc", EntryPoint = "free")]
    internal static partial void Free(nint memory);

    [StructLayout(LayoutKind.Sequential)]
    internal struct NodeInfo
    {
        internal fixed byte Model[32];
        internal ulong MemoryKiB;
        internal uint Cpus, Mhz, Nodes, Sockets, Cores, Threads;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct MemoryStat
    {
        internal fixed byte Field[80];
        internal ulong KiB;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PoolInfo
    {
        internal int State;
        internal ulong Capacity, Allocation, Available;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct VolumeInfo
    {
        internal int Type;
        internal ulong Capacity, Allocation;
    }
}
