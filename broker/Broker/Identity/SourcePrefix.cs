using System.Net;
using System.Net.Sockets;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>The network that an attempt came from: one IPv4 /24 or IPv6 /64, since one attacker owns at least that much.</summary>
internal static class SourcePrefix
{
    public static string Of(string sourceAddress)
    {
        if (!IPAddress.TryParse(sourceAddress, out var address)) return "";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, address.AddressFamily == AddressFamily.InterNetwork ? 3 : 8, address.AddressFamily == AddressFamily.InterNetwork ? 1 : 8);
        return new IPAddress(bytes).ToString();
    }
}
