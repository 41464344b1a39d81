using System.Globalization;
using System.Text;
using QRCoder;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>A QR code as the data of one SVG path: small, and without the style attributes that the pages' content policy forbids.</summary>
internal static class QrPath
{
    public static (string Path, int Size) Of(string text)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var path = new StringBuilder();
        var rows = code.ModuleMatrix;
        for (var y = 0; y < rows.Count; y++)
        {
            for (var x = 0; x < rows.Count; x++)
            {
                if (!rows[y][x]) continue;
                var from = x;
                while (x + 1 < rows.Count && rows[y][x + 1]) x++;
                path.Append(CultureInfo.InvariantCulture, $"M{from} {y}h{x - from + 1}v1H{from}z");
            }
        }
        return (path.ToString(), rows.Count);
    }
}
