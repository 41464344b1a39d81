using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Link;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>The small messages of a worker.</summary>
internal static class Messages
{
    public static void Opened(this GatewayLink link, int width, int height, bool takesText)
    {
        Span<byte> message = stackalloc byte[6];
        Sized(message, (byte)WorkerMessage.Opened, width, height);
        message[5] = takesText ? (byte)1 : (byte)0;
        link.Send(message);
    }

    public static void Resized(this GatewayLink link, int width, int height)
    {
        Span<byte> message = stackalloc byte[5];
        Sized(message, (byte)ServerMessage.Resize, width, height);
        link.Send(message);
    }

    /// <param name="monitors">How many windows the person may have; 0 while the machine's size is fixed.</param>
    public static void Monitors(this GatewayLink link, int monitors, long pixels)
    {
        Span<byte> message = stackalloc byte[6];
        (message[0], message[1]) = ((byte)ServerMessage.Monitors, (byte)monitors);
        BinaryPrimitives.WriteUInt32LittleEndian(message[2..], (uint)pixels);
        link.Send(message);
    }

    public static void Over(this GatewayLink link, WorkerEnd end) => link.Send([(byte)WorkerMessage.Over, (byte)end]);

    public static void Byte(this GatewayLink link, ServerMessage type, byte value) => link.Send([(byte)type, value]);

    public static void Pong(this GatewayLink link, uint value)
    {
        Span<byte> message = stackalloc byte[5];
        message[0] = (byte)ServerMessage.Pong;
        BinaryPrimitives.WriteUInt32LittleEndian(message[1..], value);
        link.Send(message);
    }

    public static void Status(this GatewayLink link, (ushort RoundTripMs, byte FramesPerSecond, ushort KilobytesPerSecond, byte Quality) figures)
    {
        Span<byte> message = stackalloc byte[7];
        message[0] = (byte)ServerMessage.Status;
        BinaryPrimitives.WriteUInt16LittleEndian(message[1..], figures.RoundTripMs);
        message[3] = figures.FramesPerSecond;
        BinaryPrimitives.WriteUInt16LittleEndian(message[4..], figures.KilobytesPerSecond);
        message[6] = figures.Quality;
        link.Send(message);
    }

    public static void Clipboard(this GatewayLink link, ClipboardFormat format, ReadOnlySpan<byte> data)
    {
        var rented = GatewayLink.Rent(2 + data.Length);
        var body = GatewayLink.Body(rented).Span;
        body[0] = (byte)ServerMessage.ClipboardData;
        body[1] = (byte)format;
        data.CopyTo(body[2..]);
        link.Send(rented, 2 + data.Length);
    }

    /// <summary>A pointer as a whole message, kept to be sent again to the next browser.</summary>
    public static byte[] Pointer(int width, int height, int hotX, int hotY, ReadOnlySpan<byte> rgba)
    {
        var message = new byte[9 + rgba.Length];
        message[0] = (byte)ServerMessage.Pointer;
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(1), (ushort)width);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(3), (ushort)height);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(5), (ushort)hotX);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(7), (ushort)hotY);
        rgba.CopyTo(message.AsSpan(9));
        return message;
    }

    private static void Sized(Span<byte> message, byte type, int width, int height)
    {
        message[0] = type;
        BinaryPrimitives.WriteUInt16LittleEndian(message[1..], (ushort)width);
        BinaryPrimitives.WriteUInt16LittleEndian(message[3..], (ushort)height);
    }
}
