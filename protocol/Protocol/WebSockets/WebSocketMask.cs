using System.Numerics;
using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Protocol.WebSockets;

/// <summary>Masking of RFC 6455 5.3: exclusive or with four bytes, over and over.</summary>
public static class WebSocketMask
{
    /// <summary>Unmasks so many bytes from <paramref name="from"/> to <paramref name="to"/> of one buffer; <paramref name="to"/> is not behind <paramref name="from"/>.</summary>
    /// <param name="key">The key as a little-endian number.</param>
    /// <param name="phase">Position within the key where the bytes begin, 0 to 3.</param>
    /// <returns>The phase for the byte after the last.</returns>
    public static int Move(Span<byte> buffer, int from, int to, int count, uint key, int phase)
    {
        var turned = BitOperations.RotateRight(key, 8 * phase);
        ref var first = ref MemoryMarshal.GetReference(buffer.Slice(Math.Min(from, to), count + Math.Abs(from - to)));
        var (source, target) = ((nuint)Math.Max(0, from - to), (nuint)Math.Max(0, to - from));
        var mask = Vector.AsVectorByte(new Vector<uint>(turned));
        nuint at = 0;
        // Each vector is loaded whole before it is stored lower down, so the regions may overlap.
        for (; at + (nuint)Vector<byte>.Count <= (nuint)count; at += (nuint)Vector<byte>.Count)
            (Vector.LoadUnsafe(ref first, source + at) ^ mask).StoreUnsafe(ref first, target + at);
        for (; at < (nuint)count; at++)
            buffer[to + (int)at] = (byte)(buffer[from + (int)at] ^ (turned >> (8 * (int)(at & 3))));
        return (phase + count) & 3;
    }
}
