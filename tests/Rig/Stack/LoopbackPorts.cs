using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Montalegre.Vdi.Rig.Stack;

/// <summary>Ports on loopback.</summary>
public static class LoopbackPorts
{
    // Below what Linux gives to sockets that name no port and what machines forward: still free when its program starts,
    // on both families (a browser asks for "localhost" by IPv6 first and would meet whoever listens there).
    private const int First = 14_000, AfterLast = 23_000;

    private static readonly HashSet<int> Given = [];

    /// <summary>True when nobody listens there, by IPv4 and by IPv6.</summary>
    public static bool IsFree(int port) => IsFree(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Loopback, port));

    /// <summary>A port that is free now and that this process has given to nobody else.</summary>
    public static int Free()
    {
        lock (Given)
        {
            // A bound for a computer whose range is full, not a wait.
            for (var tried = 0; tried < AfterLast - First; tried++)
            {
                var port = RandomNumberGenerator.GetInt32(First, AfterLast);
                if (IsFree(port) && Given.Add(port)) return port;
            }
        }
        throw new InvalidOperationException($"No free port on loopback between {First} and {AfterLast - 1}.");
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            return true;    // IPv6 is compiled in and switched off
        }
        catch (SocketException) { return false; }
    }
}
