using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Tls.Polling;

/// <summary>A connected socket whose readiness a <see cref="Poller"/> reports. It owns the socket.</summary>
internal sealed class PolledSocket : IDisposable
{
    private readonly Socket _socket;
    private bool _closed;

    public PolledSocket(Socket socket, Poller poller)
    {
        socket.Blocking = false;
        _socket = socket;
        Descriptor = socket.SafeHandle;
        Poller = poller;
        poller.Add(this);
    }

    public Poller Poller { get; private set; }

    /// <summary>The poller's name for it, never used twice.</summary>
    public ulong Key { get; set; }

    public SafeHandle Descriptor { get; }

    public Readiness Reading { get; } = new();

    public Readiness Writing { get; } = new();

    /// <summary>Held over each call into the system or OpenSSL, and while the socket is closed.</summary>
    /// <remarks>
    /// INVARIANT: no call is made on a closed descriptor, whose number may be another connection's by then, and none on a
    /// freed TLS state. OpenSSL also wants one call at a time for each connection.
    /// </remarks>
    public Lock Gate { get; } = new();

    /// <summary>Called with <see cref="Gate"/> held.</summary>
    public void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_closed || Descriptor.IsClosed, this);

    public void Signal(SocketEvents events)
    {
        // To both: TLS may have to write before it can read, and the other way round.
        Reading.Signal(events);
        Writing.Signal(events);
    }

    public void GiveUpAfter(TimeSpan silence)
    {
        const int probes = 3;
        const int tcpUserTimeout = 18;
        var seconds = (int)silence.TotalSeconds;
        lock (Gate)
        {
            ThrowIfClosed();
            _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds / 2);
            _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, seconds / 2 / probes);
            _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, probes);
            // Probes are sent only while nothing is under way; this is for bytes that nobody acknowledges or takes.
            Span<byte> milliseconds = stackalloc byte[sizeof(int)];
            BitConverter.TryWriteBytes(milliseconds, seconds * 1000);
            _socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, tcpUserTimeout, milliseconds);
        }
    }

    public void MoveTo(Poller poller)
    {
        lock (Gate)
        {
            ThrowIfClosed();
            if (Poller == poller) return;
            Poller.Remove(this);
            Poller = poller;
            poller.Add(this);       // tells at once what is ready already, so nothing is lost in between
        }
    }

    public void FinishSending()
    {
        lock (Gate)
        {
            if (_closed) return;
            try { _socket.Shutdown(SocketShutdown.Send); }
            catch (SocketException)
            {
                // The peer has gone already; there is nobody to tell.
            }
        }
    }

    public SocketError PendingError() => (SocketError)(int)_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;

    public void Dispose()
    {
        lock (Gate)
        {
            if (_closed) return;
            _closed = true;
            Poller.Remove(this);
            _socket.Dispose();
        }
        Reading.Close();
        Writing.Close();
    }
}
