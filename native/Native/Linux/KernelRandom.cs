using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Linux;

/// <summary>The kernel's random numbers.</summary>
public static class KernelRandom
{
    private const nuint ReseedRequest = 0x5207;   // RNDRESEEDCRNG of linux/random.h

    /// <summary>Mixes something in that nobody else has, and seeds the generator anew from it: a copied machine draws other numbers from here on.</summary>
    /// <exception cref="Win32Exception">The caller may not, or the kernel is older than 4.17.</exception>
    public static void Reseed(ReadOnlySpan<byte> unique)
    {
        using var device = File.OpenHandle("/dev/urandom", FileMode.Open, FileAccess.Write);
        RandomAccess.Write(device, unique, 0);
        if (Libc.Control(device, ReseedRequest, 0) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }
}
