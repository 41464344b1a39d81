using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>Turns libvirt's answers into values or exceptions.</summary>
internal static class LibvirtCall
{
    /// <summary>Throws for a negative answer. The error is per thread: nothing may be awaited between the call and this.</summary>
    internal static int Checked(this int answer) => answer < 0 ? throw LastError() : answer;

    internal static T Checked<T>(this T handle) where T : SafeHandle
    {
        if (!handle.IsInvalid) return handle;
        var error = LastError();
        handle.Dispose();
        throw error;
    }

    internal static string Text(this LibvirtText text)
    {
        using (text.Checked()) return text.Value ?? "";
    }

    internal static LibvirtException LastError() => new(
        (LibvirtError)LibvirtApi.GetLastErrorCode(),
        LibvirtApi.GetLastErrorDomain(),
        Marshal.PtrToStringUTF8(LibvirtApi.GetLastErrorMessage()) ?? "libvirt gave no reason");
}
