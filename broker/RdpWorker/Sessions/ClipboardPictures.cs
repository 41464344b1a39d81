using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Clipboard;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>Machines copy Windows bitmaps, browsers PNG.</summary>
internal static class ClipboardPictures
{
    // xrdp puts a file header of 14 bytes before a bitmap and then passes on only as many bytes as it got.
    private const int LostByXrdp = 14;

    /// <summary>The bitmap as PNG; empty when it is broken, or too big for the browser.</summary>
    public static byte[] ToPng(ReadOnlySpan<byte> bitmap)
    {
        try
        {
            var picture = DeviceBitmap.Read(bitmap);
            var rgb = new byte[picture.Width * picture.Height * 3];
            for (var row = 0; row < picture.Height; row++) picture.ReadRow(row, rgb.AsSpan(row * picture.Width * 3, picture.Width * 3));
            var png = new byte[Math.Min(Html5Limits.LongestClipboardPicture, rgb.Length + (rgb.Length / 8) + 4096)];
            return png[..PngPicture.Write(rgb, picture.Width, picture.Height, png)];
        }
        catch (WireFormatException)
        {
            return [];      // the machine says what it likes; there is nothing to paste then
        }
    }

    /// <summary>The PNG as bitmap; empty when it is broken or too big.</summary>
    public static byte[] ToBitmap(ReadOnlySpan<byte> png)
    {
        if (PngPicture.Size(png) is not { Width: > 0, Height: > 0 } size || (ulong)size.Width * size.Height > DeviceBitmap.MostPixels) return [];
        var (width, height) = ((int)size.Width, (int)size.Height);
        if (DeviceBitmap.LengthOf(width, height) is var length && length > DeviceBitmap.Longest - LostByXrdp) return [];
        var bitmap = new byte[length + LostByXrdp];
        return PngPicture.TryRead(png, width, height, DeviceBitmap.WriteHeader(bitmap, width, height)) ? bitmap : [];
    }
}
