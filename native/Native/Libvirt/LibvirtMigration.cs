using System.Runtime.InteropServices;
using System.Text;

namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>Moves a running domain to another host (virDomainMigrate3), led by this process over its two connections: the hosts need no trust in each other's libvirt.</summary>
public static unsafe partial class LibvirtMigration
{
    private const uint Live = 1, PersistDestination = 8, UndefineSource = 16, Unsafe = 512, AbortOnError = 4096, AutoConverge = 8192;
    private const int StringParameter = 7;   // VIR_TYPED_PARAM_STRING

    /// <summary>
    /// Blocks until the domain runs on the other host and is gone from this one, or throws and it runs here as before. Both hosts must
    /// see its disks; libvirt's own guess about that (its check for "unsafe" migrations) is left out, since it knows few file systems.
    /// </summary>
    /// <param name="domain">Running.</param>
    /// <param name="destination">The other host.</param>
    /// <param name="address">Where QEMU of this host reaches the other one; null leaves it to the host's own name.</param>
    /// <param name="onLoopback">The other host listens on that address only: both are on this computer.</param>
    public static void MoveLive(LibvirtDomain domain, LibvirtConnection destination, string? address, bool onLoopback)
    {
        var parameters = stackalloc TypedParameter[2];
        var count = 0u;
        var (uri, listen) = (Marshal.StringToCoTaskMemUTF8(address is null ? null : $"tcp://{address}"), Marshal.StringToCoTaskMemUTF8(onLoopback ? address : null));
        try
        {
            if (uri != 0) Set(ref parameters[count++], "migrate_uri", uri);
            if (listen != 0) Set(ref parameters[count++], "listen_address", listen);
            DomainMigrate3(domain.Handle, destination.Handle, parameters, count, Live | PersistDestination | UndefineSource | Unsafe | AbortOnError | AutoConverge).Checked().Dispose();
        }
        finally
        {
            Marshal.FreeCoTaskMem(uri);
            Marshal.FreeCoTaskMem(listen);
        }
    }

    private static void Set(ref TypedParameter parameter, string field, nint value)
    {
        parameter = new() { Type = StringParameter, Value = value };
        fixed (byte* name = parameter.Field) Encoding.ASCII.GetBytes(field, new Span<byte>(name, FieldLength - 1));
    }

    private const int FieldLength = 80;

    [LibraryImport("libvirt.so.0", EntryPoint = "virDomainMigrate3")]
    private static partial DomainHandle DomainMigrate3(DomainHandle domain, ConnectionHandle destination, TypedParameter* parameters, uint count, uint flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct TypedParameter
    {
        internal fixed byte Field[FieldLength];
        internal int Type;
        internal nint Value;
    }
}
