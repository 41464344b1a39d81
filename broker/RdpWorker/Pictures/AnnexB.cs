namespace Montalegre.Vdi.RdpWorker.Pictures;

/// <summary>The little that must be known about an H.264 access unit (ITU-T H.264 Annex B): whether a decoder can start with it.</summary>
internal static class AnnexB
{
    private const byte Idr = 5;

    public static bool HasKeyFrame(ReadOnlySpan<byte> unit)
    {
        while (unit.IndexOf((ReadOnlySpan<byte>)[0, 0, 1]) is >= 0 and var at && at + 3 < unit.Length)
        {
            unit = unit[(at + 3)..];
            if ((unit[0] & 0x1F) == Idr) return true;
        }
        return false;
    }
}
