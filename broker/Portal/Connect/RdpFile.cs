using System.Text;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>The .rdp file for mstsc and the Windows App: UTF-16LE with its mark, lines end in CR LF, one ticket inside.</summary>
internal static class RdpFile
{
    public const string ContentType = "application/x-rdp";

    public static byte[] Write(ReadyLaunch launch, string userName)
    {
        string[] lines =
        [
            $"full address:s:{launch.Address}",
            $"loadbalanceinfo:s:Cookie: msts={launch.Ticket}",
            $"username:s:{OneLine(userName)}",
            "enablecredsspsupport:i:0",          // the door speaks TLS only; the sign-in is injected behind it
            "prompt for credentials:i:0",
            "promptcredentialonce:i:0",
            "authentication level:i:2",
            "negotiate security layer:i:1",
            "autoreconnection enabled:i:1",
            "screen mode id:i:2",
            "use multimon:i:0",
            "smart sizing:i:1",
            "dynamic resolution:i:1",
            "session bpp:i:32",
            "compression:i:1",
            "networkautodetect:i:1",
            "bandwidthautodetect:i:1",
            "displayconnectionbar:i:1",
            "redirectclipboard:i:1",
            "redirectprinters:i:0",
            "redirectsmartcards:i:0",
            "redirectcomports:i:0",
            "drivestoredirect:s:",
            "audiomode:i:0",
            "audiocapturemode:i:0",
            "keyboardhook:i:2",
        ];
        var text = string.Concat(lines.Select(line => line + "\r\n"));
        return [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(text)];
    }

    /// <summary>The desktop's name as a file name that every system takes.</summary>
    public static string NameFor(string desktop)
    {
        var safe = new string([.. desktop.Normalize().Select(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_' or '.' ? c : '-')]).Trim(' ', '.', '-');
        return $"{(safe.Length == 0 ? "montalegre" : safe[..Math.Min(safe.Length, 60)])}.rdp";
    }

    // A name with a control character is not a name; leaving it out loses nothing, since the broker knows the person.
    private static string OneLine(string value) => value.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029') ? "" : value;
}
