using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>
/// A ready launch by way of the RD Gateway, which is where these pages come from: what reaches them reaches it too.
/// INVARIANT: no part can hold a line break, a quote or a space, whoever sent it.
/// </summary>
internal sealed partial record GatewayLaunch(string Machine, string Gateway, string Ticket)
{
    private const int HttpsPort = 443;

    /// <summary>Null when the machine's name, or the address the person typed, is none that clients could use.</summary>
    public static GatewayLaunch? Of(LaunchReady ready, HostString host)
    {
        if (!Name().IsMatch(ready.MachineName) || !Host().IsMatch(host.Host)) return null;
        var gateway = string.Create(CultureInfo.InvariantCulture, $"{host.Host}:{host.Port ?? HttpsPort}");
        return new(ready.MachineName, gateway, ReadyLaunch.Of(ready).Ticket);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])\z", RegexOptions.CultureInvariant)]
    private static partial Regex Host();
}
