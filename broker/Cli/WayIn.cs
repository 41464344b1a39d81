using System.Text;

namespace Montalegre.Vdi.Cli;

/// <summary>Gateway, ticket and name, as the two usual clients want them. The ticket works once and for half a minute.</summary>
internal sealed record WayIn(string Gateway, string Ticket, string UserName)
{
    public string FreeRdpCommand() =>
        $"xfreerdp /v:{Gateway} '/load-balance-info:Cookie: msts={Ticket}' /u:{UserName} /p: /sec:tls /cert:tofu /dynamic-resolution +clipboard";

    /// <summary>UTF-16LE with its mark, as mstsc writes it.</summary>
    public byte[] RdpFile()
    {
        string[] lines =
        [
            $"full address:s:{Gateway}", $"loadbalanceinfo:s:Cookie: msts={Ticket}", $"username:s:{UserName}", "enablecredsspsupport:i:0",
            "prompt for credentials:i:0", "authentication level:i:2", "negotiate security layer:i:1", "autoreconnection enabled:i:1",
            "dynamic resolution:i:1", "redirectclipboard:i:1", "drivestoredirect:s:",
        ];
        return [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(string.Concat(lines.Select(line => line + "\r\n")))];
    }

    public override string ToString() => $"{UserName} through {Gateway}";
}
