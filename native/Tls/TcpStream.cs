using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Montalegre.Vdi.Tls.Polling;

namespace Montalegre.Vdi.Tls;

/// <summary>A TCP connection before TLS begins on it.</summary>
public sealed class TcpStream : PolledStream
{
    /// <summary>Takes over an accepted socket on which nothing was read or written yet.</summary>
    public TcpStream(Socket accepted) : base(Poll(accepted)) { }

    private TcpStream(PolledSocket connected) : base(connected) { }

    /// <summary>Connects to the first of the host's addresses that answers.</summary>
    public static async Task<TcpStream> ConnectAsync(string host, int port, CancellationToken ct)
    {
        var addresses = await Dns.GetHostAddressesAsync(host, ct);
        for (var i = 0; i < addresses.Length; i++)
        {
            try { return await ConnectAsync(new IPEndPoint(addresses[i], port), ct); }
            catch (Exception e) when (e is IOException or SocketException && i + 1 < addresses.Length)
            {
                // The host has another address.
            }
        }
        throw new IOException($"The name {host} has no address.");
    }

    /// <summary>
    /// Looks at the first bytes without taking them: answers as soon as <paramref name="buffer"/> is full, or with 0 when the
    /// peer left without a byte. A peer that says less is waited for until <paramref name="ct"/>.
    /// </summary>
    public async ValueTask<int> PeekAsync(Memory<byte> buffer, CancellationToken ct)
    {
        using var cancelled = WakeOn(Polled.Reading, ct);
        while (true)
        {
            var wanted = TryPeek(buffer.Span, out var there);
            if (wanted == SocketEvents.None && (there == 0 || there == buffer.Length)) return there;
            ct.ThrowIfCancellationRequested();
            // Each arrival is an event of its own, so waiting for more than is there does not spin.
            await Polled.Reading.WaitAsync(SocketEvents.Readable);
        }
    }

    /// <summary>Says that nothing more will be written; what was written still arrives.</summary>
    public void FinishWriting() => Polled.FinishSending();

    private static async Task<TcpStream> ConnectAsync(IPEndPoint address, CancellationToken ct)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false };
        PolledSocket polled;
        try
        {
            Begin(socket, address);
            polled = Poll(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        try
        {
            using (WakeOn(polled.Writing, ct)) await polled.Writing.WaitAsync(SocketEvents.Writable);
            ct.ThrowIfCancellationRequested();
            if (polled.PendingError() is var error and not SocketError.Success) throw new SocketException((int)error);
            return new(polled);
        }
        catch
        {
            polled.Dispose();
            throw;
        }
    }

    // The socket's own ConnectAsync would make .NET poll it too, and wake a second thread for every event of its life.
    private static unsafe void Begin(Socket socket, IPEndPoint address)
    {
        var serialized = address.Serialize();
        fixed (byte* at = serialized.Buffer.Span)
        {
            if (LinuxApi.Connect(socket.SafeHandle, at, serialized.Size) == 0) return;
        }
        var errno = Marshal.GetLastPInvokeError();
        if (errno != LinuxApi.InProgress) throw LinuxApi.Failure($"Connecting to {address} failed", errno);
    }

    private protected override unsafe SocketEvents TryRead(Span<byte> buffer, out int read)
    {
        lock (Gate)
        {
            Polled.ThrowIfClosed();
            Polled.Reading.Forget();
            fixed (byte* at = buffer) return Receive(at, buffer.Length, 0, out read);
        }
    }

    private protected override SocketEvents TryPeek()
    {
        Span<byte> one = stackalloc byte[1];
        return TryPeek(one, out _);
    }

    private unsafe SocketEvents TryPeek(Span<byte> buffer, out int there)
    {
        lock (Gate)
        {
            Polled.ThrowIfClosed();
            Polled.Reading.Forget();
            fixed (byte* at = buffer) return Receive(at, buffer.Length, LinuxApi.Peek, out there);
        }
    }

    private protected override unsafe SocketEvents TryWrite(ReadOnlySpan<byte> buffer, out int written)
    {
        written = 0;
        lock (Gate)
        {
            Polled.ThrowIfClosed();
            Polled.Writing.Forget();
            fixed (byte* at = buffer)
            {
                while (written < buffer.Length)
                {
                    var sent = LinuxApi.Send(Polled.Descriptor, at + written, (nuint)(buffer.Length - written), LinuxApi.NoSignal);
                    if (sent >= 0) written += (int)sent;
                    else if (Marshal.GetLastPInvokeError() is var errno && errno == LinuxApi.TryAgain) return SocketEvents.Writable;
                    else if (errno != LinuxApi.Interrupted) throw LinuxApi.Failure("The connection broke", errno);
                }
            }
            return SocketEvents.None;
        }
    }

    private protected override void BreakWriting()
    {
        // Bytes have no frame here; what was sent was sent.
    }

    private unsafe SocketEvents Receive(byte* buffer, int length, int flags, out int read)
    {
        while (true)
        {
            read = (int)LinuxApi.Receive(Polled.Descriptor, buffer, (nuint)length, flags);
            if (read >= 0) return SocketEvents.None;
            var errno = Marshal.GetLastPInvokeError();
            if (errno == LinuxApi.TryAgain) return SocketEvents.Readable;
            if (errno != LinuxApi.Interrupted) throw LinuxApi.Failure("The connection broke", errno);
        }
    }
}
