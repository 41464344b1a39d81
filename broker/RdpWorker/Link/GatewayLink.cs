using System.Buffers;
using System.Buffers.Binary;
using Montalegre.Vdi.Native.Linux;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.RdpWorker.Link;

/// <summary>The socket to the gateway: messages with their length before them, written by a thread of its own.</summary>
/// <remarks>The session's thread must not wait for a slow browser: it would not read input meanwhile.</remarks>
internal sealed class GatewayLink(InheritedSocket socket)
{
    private const int Prefix = 4;
    private const int LittleWaiting = 1024 * 1024;
    private readonly Queue<(byte[] Buffer, int Length)> _waiting = new();
    private readonly byte[] _length = new byte[Prefix];
    private long _waitingBytes;
    private bool _closing;

    /// <summary>Bytes that are queued and not written yet.</summary>
    public long WaitingBytes
    {
        get { lock (_waiting) return _waitingBytes; }
    }

    /// <summary>Waits until little is queued; for threads that must not fill the memory, and may stand still.</summary>
    public void WaitForRoom()
    {
        lock (_waiting)
            while (_waitingBytes > LittleWaiting && !_closing) Monitor.Wait(_waiting);
    }

    /// <summary>Starts the writing thread.</summary>
    public Thread StartWriting()
    {
        var thread = new Thread(WriteAll) { IsBackground = true, Name = "to gateway" };
        thread.Start();
        return thread;
    }

    /// <summary>A buffer for a message of at most this length; the message starts behind the four bytes of the prefix.</summary>
    public static byte[] Rent(int length) => ArrayPool<byte>.Shared.Rent(length + Prefix);

    public static Memory<byte> Body(byte[] rented) => rented.AsMemory(Prefix);

    /// <summary>Queues what <see cref="Body"/> holds; the buffer belongs to the link from here on.</summary>
    public void Send(byte[] rented, int length)
    {
        BinaryPrimitives.WriteInt32LittleEndian(rented, length);
        lock (_waiting)
        {
            _waiting.Enqueue((rented, length + Prefix));
            _waitingBytes += length + Prefix;
            Monitor.PulseAll(_waiting);
        }
    }

    public void Send(ReadOnlySpan<byte> message)
    {
        var rented = Rent(message.Length);
        message.CopyTo(rented.AsSpan(Prefix));
        Send(rented, message.Length);
    }

    /// <summary>Lets the writing thread end once everything is written.</summary>
    public void Complete()
    {
        lock (_waiting)
        {
            _closing = true;
            Monitor.PulseAll(_waiting);
        }
    }

    /// <summary>The next message in a rented buffer, which the caller returns; null when the gateway has gone.</summary>
    public (byte[] Buffer, int Length)? Receive()
    {
        if (!socket.Fill(_length)) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(_length);
        if (length is < 1 or > Html5Limits.LongestFromBrowser) WireFormatException.Throw(nameof(GatewayLink), "length", $"is {length}");
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        return socket.Fill(buffer.AsSpan(0, length)) ? (buffer, length) : null;
    }

    /// <remarks>When the gateway has gone the reading thread sees it too, and ends the session.</remarks>
    private void WriteAll()
    {
        while (Next() is { } message)
        {
            var written = socket.Write(message.Buffer.AsSpan(0, message.Length));
            ArrayPool<byte>.Shared.Return(message.Buffer);
            if (!written)
            {
                Complete();
                return;
            }
            lock (_waiting)
            {
                _waitingBytes -= message.Length;
                Monitor.PulseAll(_waiting);
            }
        }
    }

    private (byte[] Buffer, int Length)? Next()
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0)
            {
                if (_closing) return null;
                Monitor.Wait(_waiting);
            }
            return _waiting.Dequeue();
        }
    }
}
