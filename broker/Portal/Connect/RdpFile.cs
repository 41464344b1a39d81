using System.Text;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>The .rdp file for mstsc, the Windows App and FreeRDP: UTF-16LE with its mark, lines end in CR LF, one ticket inside.</summary>
internal static class RdpFile
{
    public const string ContentType = "application/x-rdp";

    private static readonly string[] Display =
    [
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
        "redirectcomports:i:0",
        "keyboardhook:i:2",
    ];

    /// <summary>Straight to the RDP door, the ticket in the routing token.</summary>
    public static byte[] Write(ReadyLaunch launch, string userName, IReadOnlyCollection<DeviceFeature> blocked, RdpSignature? signature = null) => Encode(
        [
            $"full address:s:{launch.Address}",
            $"alternate full address:s:{launch.Address}",       // a signed file without it could be led elsewhere
            $"loadbalanceinfo:s:Cookie: msts={launch.Ticket}",
            .. SignIn(userName, authenticationLevel: 2),
            .. Display,
            .. Devices(blocked),
        ], signature);

    /// <summary>Inside HTTPS, the ticket as the RD Gateway's cookie.</summary>
    public static byte[] Write(GatewayLaunch launch, string userName, IReadOnlyCollection<DeviceFeature> blocked, RdpSignature? signature = null) => Encode(
        [
            $"full address:s:{launch.Machine}",
            $"alternate full address:s:{launch.Machine}",
            $"gatewayhostname:s:{launch.Gateway}",
            "gatewayusagemethod:i:1",                           // always
            "gatewayprofileusagemethod:i:1",                    // as this file says, not as the client is set
            "gatewaycredentialssource:i:5",                     // a cookie
            $"gatewayaccesstoken:s:{launch.Ticket}",
            // The machine's name is in no certificate. The gateway's is, and was checked before; RDP is inside that.
            .. SignIn(userName, authenticationLevel: 0),
            .. Display,
            .. Devices(blocked),
        ], signature);

    /// <summary>The desktop's name as a file name that every system takes.</summary>
    public static string NameFor(string desktop)
    {
        var safe = new string([.. desktop.Normalize().Select(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_' or '.' ? c : '-')]).Trim(' ', '.', '-');
        return $"{(safe.Length == 0 ? "montalegre" : safe[..Math.Min(safe.Length, 60)])}.rdp";
    }

    private static string[] SignIn(string userName, int authenticationLevel) =>
    [
        $"username:s:{OneLine(userName)}",
        "enablecredsspsupport:i:0",              // the door speaks TLS only; the sign-in is injected behind it
        "prompt for credentials:i:0",
        "promptcredentialonce:i:0",
        $"authentication level:i:{authenticationLevel}",
        "negotiate security layer:i:1",
    ];

    // The client offers what the pool lets pass and asks the person about it; the rest it need not offer in vain.
    private static string[] Devices(IReadOnlyCollection<DeviceFeature> blocked)
    {
        return
        [
            $"redirectclipboard:i:{(Passes(DeviceFeature.ClipboardToDesktop) || Passes(DeviceFeature.ClipboardFromDesktop) ? 1 : 0)}",
            $"redirectprinters:i:{(Passes(DeviceFeature.Printers) ? 1 : 0)}",
            $"redirectsmartcards:i:{(Passes(DeviceFeature.SmartCards) ? 1 : 0)}",
            $"drivestoredirect:s:{(Passes(DeviceFeature.Drives) ? "*" : "")}",
            $"usbdevicestoredirect:s:{(Passes(DeviceFeature.Usb) ? "*" : "")}",
            $"audiomode:i:{(Passes(DeviceFeature.AudioOut) ? 0 : 2)}",            // here, or nowhere
            $"audiocapturemode:i:{(Passes(DeviceFeature.AudioIn) ? 1 : 0)}",
        ];

        bool Passes(DeviceFeature feature) => !blocked.Contains(feature);
    }

    private static byte[] Encode(string[] lines, RdpSignature? signature)
    {
        string[] signed = signature is null ? lines : [.. lines, .. signature.LinesFor(lines)];
        return [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(string.Concat(signed.Select(line => line + "\r\n")))];
    }

    // A name with a control character is not a name; leaving it out loses nothing, since the broker knows the person.
    private static string OneLine(string value) => value.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029') ? "" : value;
}
