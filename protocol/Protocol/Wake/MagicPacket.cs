namespace Montalegre.Vdi.Protocol.Wake;

/// <summary>The packet that wakes a sleeping computer: six bytes FF and its hardware address sixteen times (AMD, Magic Packet Technology, 20213).</summary>
public static class MagicPacket
{
    /// <summary>Bytes of every packet.</summary>
    public const int Length = 6 + (Repetitions * AddressLength);

    /// <summary>Bytes of an Ethernet address.</summary>
    public const int AddressLength = 6;

    private const int Repetitions = 16;

    /// <summary>The packet for one network card.</summary>
    /// <exception cref="ArgumentException">The address is not one of Ethernet.</exception>
    public static byte[] For(ReadOnlySpan<byte> address)
    {
        if (address.Length != AddressLength) throw new ArgumentException($"A hardware address has {AddressLength} bytes, this one {address.Length}.", nameof(address));
        var packet = new byte[Length];
        packet.AsSpan(0, 6).Fill(0xFF);
        for (var at = 6; at < Length; at += AddressLength) address.CopyTo(packet.AsSpan(at));
        return packet;
    }
}
