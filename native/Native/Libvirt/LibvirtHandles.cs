using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Libvirt;

internal sealed class ConnectionHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;
    protected override bool ReleaseHandle() => LibvirtApi.ConnectClose(handle) >= 0;
}

internal sealed class DomainHandle : SafeHandle
{
    public DomainHandle() : base(0, ownsHandle: true) { }
    internal DomainHandle(nint owned) : base(0, ownsHandle: true) => SetHandle(owned);
    public override bool IsInvalid => handle == 0;
    protected override bool ReleaseHandle() => LibvirtApi.DomainFree(handle) >= 0;
}

internal sealed class StoragePoolHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;
    protected override bool ReleaseHandle() => LibvirtApi.StoragePoolFree(handle) >= 0;
}

internal sealed class StorageVolumeHandle : SafeHandle
{
    public StorageVolumeHandle() : base(0, ownsHandle: true) { }
    internal StorageVolumeHandle(nint owned) : base(0, ownsHandle: true) => SetHandle(owned);
    public override bool IsInvalid => handle == 0;
    protected override bool ReleaseHandle() => LibvirtApi.StorageVolFree(handle) >= 0;
}

internal sealed class StreamHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;
    protected override bool ReleaseHandle() => LibvirtApi.StreamFree(handle) >= 0;
}

/// <summary>A string that libvirt allocated and we must free.</summary>
internal sealed class LibvirtText() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;
    public string? Value => Marshal.PtrToStringUTF8(handle);

    protected override bool ReleaseHandle()
    {
        LibvirtApi.Free(handle);
        return true;
    }
}
