using System.Globalization;
using System.Text.RegularExpressions;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>
/// A ready launch whose parts were checked before they go into a file or a shell line.
/// INVARIANT: no part can hold a line break, a quote or a space, whoever sent it.
/// </summary>
internal sealed partial record ReadyLaunch(string Host, int Port, string Ticket)
{
    public string Address => $"{Host}:{Port.ToString(CultureInfo.InvariantCulture)}";

    public static ReadyLaunch Of(LaunchReady ready)
    {
        var gateway = Gateway().Match(ready.Gateways.FirstOrDefault() ?? "");
        if (!gateway.Success || !int.TryParse(gateway.Groups["port"].ValueSpan, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
            throw new InvalidOperationException("The broker named no usable gateway (host:port) for a ready launch.");
        return new(gateway.Groups["host"].Value, port, TicketOf(ready));
    }

    public static string TicketOf(LaunchReady ready) =>
        TicketShape().IsMatch(ready.Ticket) ? ready.Ticket : throw new InvalidOperationException("The broker's ticket is not base64url.");

    [GeneratedRegex(@"\A(?<host>[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]):(?<port>[0-9]{1,5})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Gateway();

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{16,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex TicketShape();
}
