using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Channels;

/// <summary>Client Device List Announce, MS-RDPEFS 2.2.2.9: blocked devices get a type that no server serves.</summary>
/// <remarks>The list may be longer than a chunk; what is left of it is remembered.</remarks>
internal sealed class DeviceAnnouncements(ChannelPolicy policy)
{
    private const uint DeviceListAnnounce = 0x4441_4472;    // RDPDR_CTYP_CORE, PAKID_CORE_DEVICELIST_ANNOUNCE
    private const int DeviceHeaderLength = 20;
    private const uint Printer = 0x04;
    private const uint FileSystem = 0x08;
    private const uint SmartCard = 0x20;

    private uint _devicesLeft;
    private long _dataLeft;

    public void Hide(Span<byte> chunk, bool isFirst)
    {
        if (isFirst)
        {
            (_devicesLeft, _dataLeft) = (0, 0);
            if (chunk.Length < 8 || BinaryPrimitives.ReadUInt32LittleEndian(chunk) != DeviceListAnnounce) return;
            _devicesLeft = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            chunk = chunk[8..];
        }
        while (true)
        {
            var skipped = (int)Math.Min(_dataLeft, chunk.Length);
            _dataLeft -= skipped;
            chunk = chunk[skipped..];
            if (_devicesLeft == 0 || chunk.IsEmpty) return;
            if (chunk.Length < DeviceHeaderLength) WireFormatException.Throw(nameof(DeviceAnnouncements), "device", "is cut by the end of a chunk");
            if (IsBlocked(BinaryPrimitives.ReadUInt32LittleEndian(chunk))) chunk[..4].Clear();
            _dataLeft = BinaryPrimitives.ReadUInt32LittleEndian(chunk[16..]);
            chunk = chunk[DeviceHeaderLength..];
            _devicesLeft--;
        }
    }

    private bool IsBlocked(uint type) => type switch
    {
        FileSystem => !policy.Drives,
        Printer => !policy.Printers,
        SmartCard => !policy.SmartCards,
        _ => false,
    };
}
