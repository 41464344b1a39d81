using System.Buffers.Binary;
using System.Text;
using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.RdpWorker.Channels;

/// <summary>Takes one whole message for the browser; <see cref="Link.GatewayLink.Send(ReadOnlySpan{byte})"/>, or a test's list.</summary>
internal delegate void ToBrowser(ReadOnlySpan<byte> message);

/// <summary>The messages about files, as docs/html5-protocol.md has them.</summary>
internal static class FileMessages
{
    public static void FileOffer(this ToBrowser send, uint file, bool isDocument, long size, string name)
    {
        var text = Encoding.UTF8.GetBytes(name);
        var message = new byte[16 + text.Length];
        message[0] = (byte)ServerMessage.FileOffer;
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(1), file);
        message[5] = isDocument ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(6), size);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(14), (ushort)text.Length);
        text.CopyTo(message.AsSpan(16));
        send(message);
    }

    /// <summary>Accepted and done: nothing but their number.</summary>
    public static void FileState(this ToBrowser send, ServerMessage type, uint file)
    {
        Span<byte> message = stackalloc byte[5];
        message[0] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(message[1..], file);
        send(message);
    }

    public static void FileProgress(this ToBrowser send, uint file, long bytes)
    {
        Span<byte> message = stackalloc byte[13];
        message[0] = (byte)ServerMessage.FileProgress;
        BinaryPrimitives.WriteUInt32LittleEndian(message[1..], file);
        BinaryPrimitives.WriteInt64LittleEndian(message[5..], bytes);
        send(message);
    }

    public static void FileRefused(this ToBrowser send, uint file, FileRefusal reason)
    {
        Span<byte> message = stackalloc byte[7];
        message[0] = (byte)ServerMessage.FileRefused;
        BinaryPrimitives.WriteUInt32LittleEndian(message[1..], file);
        BinaryPrimitives.WriteUInt16LittleEndian(message[5..], (ushort)reason);
        send(message);
    }
}

/// <summary>Why a file does not pass: numbers of the public list of reasons, which a worker does not know otherwise.</summary>
internal enum FileRefusal : ushort { FilesBlocked = 120, FileTooLarge = 121, DriveFull = 122, TooManyFiles = 123, FileChanged = 124, DriveNotTaken = 125, PrintFailed = 126 }
