using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Google.Protobuf;
using Montalegre.Vdi.Contracts.Agent.V1;

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

    /// <summary>
    /// Cards that a packet may wake: of Ethernet or wireless, up, with an address in a subnet. One whose hardware address was made up
    /// (locally administered: bridges, containers, tunnels) is nothing that a sleeping computer listens with.
    /// </summary>
    public static IEnumerable<NetworkCard> Cards() =>
        from i in NetworkInterface.GetAllNetworkInterfaces()
        where i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType is NetworkInterfaceType.Ethernet or NetworkInterfaceType.GigabitEthernet or NetworkInterfaceType.Wireless80211
        let mac = i.GetPhysicalAddress().GetAddressBytes()
        where mac.Length == 6 && (mac[0] & 3) == 0 && mac.Any(b => b != 0)
        from a in i.GetIPProperties().UnicastAddresses
        where a.Address.AddressFamily == AddressFamily.InterNetwork && a.Address.GetAddressBytes() is not [169, 254, ..]
        select new NetworkCard { Mac = ByteString.CopyFrom(mac), Address = a.Address.ToString(), PrefixLength = (uint)a.PrefixLength };
}
