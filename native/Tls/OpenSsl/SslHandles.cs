using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Tls.OpenSsl;

internal sealed class SslContextHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        SslApi.FreeContext(handle);
        return true;
    }
}

/// <summary>One TLS connection. Its reference count keeps it alive while another thread is inside a call with it.</summary>
internal sealed class SslHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        SslApi.Free(handle);
        return true;
    }
}

internal sealed class KeyHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        CryptoApi.FreeKey(handle);
        return true;
    }
}
