using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Montalegre.Vdi.Agent.Registration;

/// <summary>The addresses that others may reach this machine by: not loopback, not link-local; always in one order.</summary>
internal static class HostAddresses
{
    public static IEnumerable<string> All() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Select(a => a.Address)
            .Where(a => !IPAddress.IsLoopback(a) && !a.IsIPv6LinkLocal && !(a.AddressFamily == AddressFamily.InterNetwork && a.GetAddressBytes() is [169, 254, ..]))
            .Select(a => a.ToString())
            .Order(StringComparer.Ordinal);
}
