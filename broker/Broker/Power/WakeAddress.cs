using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>One network card that wakes a computer.</summary>
/// <param name="Mac">Six bytes as <c>00:11:22:33:44:55</c>.</param>
/// <param name="Broadcast">IPv4 broadcast address of its subnet; null: the packet goes out of every interface that the broker wakes from.</param>
/// <param name="Port">UDP port, 9 by custom.</param>
/// <param name="Learned">Told by its agent, not written down by IT.</param>
internal sealed record WakeAddress(string Mac, string? Broadcast, int Port, bool Learned)
{
    /// <summary>The port that nearly every network card's documentation names.</summary>
    public const int UsualPort = 9;

    /// <summary>Six bytes of a MAC as people write it, with colons, hyphens, dots or nothing between; null: it is none.</summary>
    public static PhysicalAddress? Parse(string mac) =>
        PhysicalAddress.TryParse(mac.Trim(), out var address) && address.GetAddressBytes() is { Length: 6 } bytes && bytes.Any(b => b != 0) && (bytes[0] & 1) == 0 ? address : null;

    /// <summary>As it is recorded and shown.</summary>
    public static string Show(PhysicalAddress mac) => string.Join(':', mac.GetAddressBytes().Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>The broadcast address of the subnet that an address is in; null where there is none: IPv6, or one computer alone.</summary>
    public static string? BroadcastOf(string address, int prefix)
    {
        if (!IPAddress.TryParse(address, out var ip) || ip.AddressFamily != AddressFamily.InterNetwork || prefix is < 8 or > 30) return null;
        var bytes = ip.GetAddressBytes();
        for (var bit = prefix; bit < 32; bit++) bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return new IPAddress(bytes).ToString();
    }
}
