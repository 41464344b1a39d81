using System.Buffers.Binary;

namespace Montalegre.Vdi.Protocol.Channels;

/// <summary>Requests of the clipboard channel, MS-RDPECLIP: who is asked for a format or a piece of file that does not exist answers that it has failed.</summary>
internal static class ClipboardRequests
{
    private const ushort FormatDataRequest = 0x0004;
    private const ushort FileContentsRequest = 0x0008;
    private const int HeaderLength = 8;

    public static void Spoil(Span<byte> message)
    {
        if (message.Length < HeaderLength + 4) return;
        switch (BinaryPrimitives.ReadUInt16LittleEndian(message))
        {
            case FormatDataRequest:
                message.Slice(HeaderLength, 4).Clear();     // requestedFormatId, 2.2.5.1: zero is no format
                break;
            case FileContentsRequest:
                message[(HeaderLength + 4)..].Clear();      // 2.2.5.3: all but streamId, so neither size nor range
                break;
        }
    }
}
