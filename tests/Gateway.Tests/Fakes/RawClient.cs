using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Native.Posix;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>A client that says exactly what a test wants, well-mannered or not.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Socket _socket;

    // A test that needs only one end must not lose the other to the collector, which would close it.
    private (SslStream Client, SslStream Machine)? _ends;

    /// <summary>What an RDP client says between TLS and its Client Info.</summary>
    public static byte[] Handshake =>
        [.. Samples.ConnectInitial, .. Samples.ErectDomain, .. Samples.AttachUser, .. Samples.ChannelJoin, .. Samples.ClientInfoUnicode];

    public NetworkStream Network { get; private set; } = null!;

    private RawClient(Socket socket) => _socket = socket;

    /// <param name="network">Network namespace that it connects from; null is the computer's own.</param>
    public static async Task<RawClient> ConnectAsync(IPEndPoint gateway, string? network = null)
    {
        var client = new RawClient(network is null ? NewSocket() : NetworkNamespace.Inside(network, NewSocket));
        await client._socket.ConnectAsync(gateway);
        client.Network = new NetworkStream(client._socket);
        return client;
    }

    public static byte[] Request(string? ticket, SecurityProtocols protocols = SecurityProtocols.Tls | SecurityProtocols.Hybrid)
    {
        var w = new WireWriter(new byte[ConnectionRequest.LongestFrame], "Test");
        new ConnectionRequest(ticket, null, new NegotiationRequest(0, protocols), default).Write(ref w);
        return w.WrittenSpan.ToArray();
    }

    public async Task SendAsync(byte[] bytes) => await Network.WriteAsync(bytes);

    public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    public async Task<ConnectionConfirm> AnswerAsync()
    {
        var answer = new byte[19];
        await Network.ReadExactlyAsync(answer).AsTask().WaitAsync(Patience);
        return ConnectionConfirm.Read(answer);
    }

    /// <summary>True when the gateway closed without a word.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try { return await Network.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience) == 0; }
        catch (IOException) { return true; }
    }

    public async Task<SslStream> StartTlsAsync()
    {
        var tls = new SslStream(Network, leaveInnerStreamOpen: true, (_, certificate, _, _) => certificate?.Subject == "CN=gateway.test");
        await tls.AuthenticateAsClientAsync("gateway.test").WaitAsync(Patience);
        return tls;
    }

    /// <summary>The whole way in with a good ticket; answers both ends, the machine having read <see cref="Handshake"/>.</summary>
    public static Task<(RawClient Client, SslStream ClientEnd, SslStream MachineEnd, byte[] Seen)> OpenAsync(TestGateway gateway, FakeMachine machine, string ticket) =>
        OpenAsync(gateway.Address, machine, ticket);

    public static async Task<(RawClient Client, SslStream ClientEnd, SslStream MachineEnd, byte[] Seen)> OpenAsync(IPEndPoint gateway, FakeMachine machine, string ticket, string? network = null)
    {
        var client = await ConnectAsync(gateway, network);
        var accepting = machine.AcceptAsync();
        await client.SendAsync(Request(ticket));
        var (machineEnd, _) = await accepting;
        if (await client.AnswerAsync() is not ConnectionConfirm.Accepted) throw new InvalidOperationException("The gateway refused.");
        var clientEnd = await client.StartTlsAsync();
        client._ends = (clientEnd, machineEnd);
        await clientEnd.WriteAsync(Handshake);
        var seen = new List<byte>();
        var buffer = new byte[4096];
        // The Client Info ends with the extra information the sample ends with.
        while (!seen.TakeLast(9).SequenceEqual(Samples.ClientInfoUnicode.TakeLast(9)))
            seen.AddRange(buffer.Take(await machineEnd.ReadAsync(buffer).AsTask().WaitAsync(Patience)));
        return (client, clientEnd, machineEnd, [.. seen]);
    }

    /// <summary>Takes the socket away without telling the peer (TCP_REPAIR of tcp(7)).</summary>
    public void Vanish()
    {
        const int tcpRepair = 19;
        _socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, tcpRepair, BitConverter.GetBytes(1));
        _socket.Dispose();
    }

    public void Dispose()
    {
        _socket.Dispose();
        GC.KeepAlive(_ends);
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
}
