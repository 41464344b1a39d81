using System.Buffers.Binary;

namespace Montalegre.Vdi.Protocol.Channels;

/// <summary>Virtual Channel Capability Set, MS-RDPBCGR 2.2.7.1.10, in Demand Active and Confirm Active: a filter cannot look into compressed channels, so nobody agrees on any.</summary>
internal static class ChannelCompression
{
    private const ushort DemandActive = 0x11;
    private const ushort ConfirmActive = 0x13;
    private const ushort VirtualChannelSet = 20;

    public static void TurnOff(Span<byte> data)
    {
        if (data.Length < 14) return;
        var at = BinaryPrimitives.ReadUInt16LittleEndian(data[2..]) switch { DemandActive => 10, ConfirmActive => 12, _ => 0 };
        if (at == 0) return;
        var source = BinaryPrimitives.ReadUInt16LittleEndian(data[at..]);
        at += 4 + source;
        if (data.Length < at + 4) return;
        var sets = BinaryPrimitives.ReadUInt16LittleEndian(data[at..]);
        at += 4;
        for (; sets > 0 && data.Length >= at + 8; sets--)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(data[(at + 2)..]);
            if (length < 4) return;
            if (BinaryPrimitives.ReadUInt16LittleEndian(data[at..]) == VirtualChannelSet) data.Slice(at + 4, 4).Clear();
            at += length;
        }
    }
}
