using System.Buffers.Binary;
using System.Net.Sockets;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>The socket to a worker: messages with their length before them. What a worker says is as hostile as its machine.</summary>
internal sealed class WorkerLink(Socket socket) : IDisposable
{
    private const int Prefix = 4;
    private readonly byte[] _prefix = new byte[Prefix];
    private readonly byte[] _out = new byte[2048];
    private readonly SemaphoreSlim _writing = new(1, 1);
    private int _left;

    /// <summary>Length of the next message; 0 when the worker has gone. Its bytes are then read by <see cref="ReadSomeAsync"/>.</summary>
    public async ValueTask<int> NextAsync(CancellationToken ct)
    {
        var filled = 0;
        while (filled < Prefix)
        {
            var read = await ReceiveAsync(_prefix.AsMemory(filled), ct);
            if (read == 0) return 0;
            filled += read;
        }
        _left = BinaryPrimitives.ReadInt32LittleEndian(_prefix);
        if (_left is < 1 or > Html5Limits.LongestToBrowser) WireFormatException.Throw(nameof(WorkerLink), "length", $"is {_left}");
        return _left;
    }

    /// <summary>The next bytes of the message; <paramref name="buffer"/> is filled as far as the message goes. 0 when the worker has gone.</summary>
    public async ValueTask<(int Read, bool IsLast)> ReadSomeAsync(Memory<byte> buffer, CancellationToken ct)
    {
        var wanted = buffer[..Math.Min(buffer.Length, _left)];
        var filled = 0;
        while (filled < wanted.Length)
        {
            var read = await ReceiveAsync(wanted[filled..], ct);
            if (read == 0) return (0, true);
            filled += read;
        }
        _left -= filled;
        return (filled, _left == 0);
    }

    /// <summary>Sends one message whole; false when the worker has gone.</summary>
    public async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            // Input is small: one call, and the worker wakes up once.
            var length = Math.Min(message.Length, _out.Length - Prefix);
            BinaryPrimitives.WriteInt32LittleEndian(_out, message.Length);
            message[..length].CopyTo(_out.AsMemory(Prefix));
            await SendAllAsync(_out.AsMemory(0, Prefix + length), ct);
            if (length < message.Length) await SendAllAsync(message[length..], ct);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException) { return false; }
        finally { _writing.Release(); }
    }

    // The writing side is not disposed: what a browser says while its desktop goes still gives it back, and hears that the worker has gone.
    public void Dispose() => socket.Dispose();

    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        while (bytes.Length > 0) bytes = bytes[await socket.SendAsync(bytes, ct)..];
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        try { return await socket.ReceiveAsync(buffer, ct); }
        catch (Exception e) when (e is SocketException or ObjectDisposedException) { return 0; }
    }
}
