using System.Net;
using System.Net.Sockets;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>Accepts on a free loopback port and hands every connection to a handler.</summary>
internal sealed class Door : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public Door(Func<Socket, Task> serveAsync)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1024);
        Accepting = AcceptAsync(serveAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public Task Accepting { get; }

    public static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync(Func<Socket, Task> serveAsync)
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                socket.NoDelay = true;
                _ = ServeAsync(socket, serveAsync);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
        {
            // Closed by Dispose.
        }
    }

    private static async Task ServeAsync(Socket socket, Func<Socket, Task> serveAsync)
    {
        await Task.Yield();
        try { await serveAsync(socket); }
        catch (Exception e) { await Console.Error.WriteLineAsync(e.Message); }   // shown when the order that met it fails
        finally { socket.Dispose(); }
    }
}
