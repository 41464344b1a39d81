using System.Net;
using Montalegre.Vdi.Gateway.Listening;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>Section <c>Gateway:Portal</c>: where this gateway serves the employees' pages.</summary>
internal sealed class PortalDoorOptions
{
    public const string Section = "Gateway:Portal";

    /// <summary>Address and port of the pages, always HTTPS.</summary>
    public string Listen { get; set; } = "[::]:443";

    /// <summary>Where administrators' browsers reach these pages, for example https://desktops.example.pt; empty: the host of the RDP door's address and the port of <see cref="Listen"/>.</summary>
    public string PublicAddress { get; set; } = "";

    /// <summary>What <see cref="Listen"/> serves: rdp, rd-gateway, pages; none named means all three.</summary>
    public IList<string> Serves { get; } = [];

    public Served Served => ServedWords.Read(Serves) ?? Served.Everything;

    public IEnumerable<string> Problems()
    {
        if (PublicAddress.Length > 0 && !(Uri.TryCreate(PublicAddress, UriKind.Absolute, out var origin) && origin.Scheme == Uri.UriSchemeHttps && origin.PathAndQuery == "/"))
            yield return $"{Section}:{nameof(PublicAddress)} is '{PublicAddress}'; use https:// and a name, for example https://desktops.example.pt, or leave it empty.";
        if (!IPEndPoint.TryParse(Listen, out var address) || !Listen.EndsWith($":{address.Port}", StringComparison.Ordinal))
            yield return $"{Section}:{nameof(Listen)} is '{Listen}'; use an address and a port, for example [::]:443 or 127.0.0.1:8443.";
        if (ServedWords.Problem($"{Section}:{nameof(Serves)}", Serves) is { } serves) yield return serves;
    }
}
