using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Native.Posix;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>An RD Gateway client that says exactly what a test wants, over a WebSocket or a pair, as finely cut as it wants.</summary>
internal sealed class RdgClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly List<byte> _received = [];
    private readonly SslStream _out;
    private readonly SslStream? _in;

    private RdgClient(SslStream output, SslStream? input) => (_out, _in) = (output, input);

    public delegate void Writing(ref WireWriter w);

    /// <summary>Bytes a write takes at most; 1 makes a TLS record of every byte.</summary>
    public int Cut { get; set; } = int.MaxValue;

    public SslStream Out => _out;

    /// <summary>Over connections that a test has opened itself.</summary>
    public static RdgClient Over(SslStream output, SslStream? input = null) => new(output, input);

    public static Task<SslStream> TlsAsync(IPEndPoint gateway, params SslApplicationProtocol[] protocols) => TlsAsync(gateway, null, protocols);

    /// <param name="network">Network namespace that it connects from; null is the computer's own.</param>
    public static async Task<SslStream> TlsAsync(IPEndPoint gateway, string? network, SslApplicationProtocol[] protocols)
    {
        var socket = network is null ? NewSocket() : NetworkNamespace.Inside(network, NewSocket);
        await socket.ConnectAsync(gateway);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "gateway.test", ApplicationProtocols = [.. protocols], RemoteCertificateValidationCallback = (_, _, _, _) => true,
        }).WaitAsync(Patience);
        return tls;
    }

    public static string Head(string method, Guid id, params string[] more) =>
        $"{method} /remoteDesktopGateway/ HTTP/1.1\r\nHost: gateway.test\r\nRDG-Connection-Id: {{{id}}}\r\nRDG-Auth-Scheme: PAA\r\n{string.Concat(more.Select(m => m + "\r\n"))}\r\n";

    public static async Task<RdgClient> WebSocketAsync(IPEndPoint gateway, string? network = null)
    {
        var tls = await TlsAsync(gateway, network, []);
        await tls.WriteAsync(TsguSamples.Upgrade);
        Assert.StartsWith("HTTP/1.1 101 ", await HeadAsync(tls), StringComparison.Ordinal);
        return new(tls, null);
    }

    public static async Task<RdgClient> PairAsync(IPEndPoint gateway)
    {
        var id = Guid.NewGuid();
        var output = await OpenOutAsync(gateway, id);
        var input = await TlsAsync(gateway);
        await input.WriteAsync(Encoding.ASCII.GetBytes(Head("RDG_IN_DATA", id, "Content-Length: 0")));
        Assert.StartsWith("HTTP/1.1 200 ", await HeadAsync(input), StringComparison.Ordinal);
        await input.WriteAsync(Encoding.ASCII.GetBytes(Head("RDG_IN_DATA", id, "Transfer-Encoding: chunked")));
        return new(output, input);
    }

    /// <summary>The receiving half alone, past its seed.</summary>
    public static async Task<SslStream> OpenOutAsync(IPEndPoint gateway, Guid id)
    {
        var output = await TlsAsync(gateway);
        await output.WriteAsync(Encoding.ASCII.GetBytes(Head("RDG_OUT_DATA", id, "Content-Length: 0")));
        var head = await HeadAsync(output);
        Assert.StartsWith("HTTP/1.1 200 ", head, StringComparison.Ordinal);
        Assert.DoesNotContain("chunked", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Content-Length", head, StringComparison.OrdinalIgnoreCase);
        await output.ReadExactlyAsync(new byte[10]).AsTask().WaitAsync(Patience);
        return output;
    }

    /// <summary>Reads one HTTP answer's head, and not a byte more.</summary>
    public static async Task<string> HeadAsync(SslStream tls)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await tls.ReadAsync(one).AsTask().WaitAsync(Patience) == 0) break;
            head.Append((char)one[0]);
        }
        return head.ToString();
    }

    public static async Task<bool> EndsAsync(SslStream tls)
    {
        try { return await tls.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience) == 0; }
        catch (IOException) { return true; }
    }

    public Task SendAsync(Writing write)
    {
        var w = new WireWriter(new byte[TsguServer.LongestReply], "Test");
        write(ref w);
        return SendAsync(w.WrittenSpan.ToArray());
    }

    /// <summary>Sends packet bytes, wrapped as the way wants it.</summary>
    public async Task SendAsync(byte[] packets)
    {
        byte[] wrapped = _in is null
            ? [0x82, 0xFF, .. BitConverter.GetBytes(IPAddress.HostToNetworkOrder((long)packets.Length)), 1, 2, 3, 4, .. packets.Select((b, i) => (byte)(b ^ ((i & 3) + 1)))]
            : [.. Encoding.ASCII.GetBytes($"{packets.Length:X}\r\n"), .. packets, .. "\r\n"u8];
        if (_in is null && packets.Length < 65536)
        {
            byte[] head = packets.Length < 126 ? [0x82, (byte)(0x80 | packets.Length)] : [0x82, 0xFE, (byte)(packets.Length >> 8), (byte)packets.Length];
            wrapped = [.. head, .. wrapped[10..]];
        }
        const int chunkEnd = 2;
        for (var at = 0; at < wrapped.Length; at += Cut)
        {
            try { await (_in ?? _out).WriteAsync(wrapped.AsMemory(at, Math.Min(Cut, wrapped.Length - at))); }
            catch (IOException) when (_in is not null && at >= wrapped.Length - chunkEnd)
            {
                // The packet was whole before its chunk's end came, and the gateway hangs up at the last one.
            }
        }
    }

    public async Task SendDataAsync(byte[] payload)
    {
        var packet = new byte[TsguDataHeader.Length + payload.Length];
        TsguDataHeader.Write(packet, payload.Length);
        payload.CopyTo(packet, TsguDataHeader.Length);
        await SendAsync(packet);
    }

    /// <summary>The next packet, put together; empty when the gateway closed.</summary>
    public async Task<byte[]> PacketAsync()
    {
        while (true)
        {
            if (TsguFrame.TryRead(_received.Take(8).ToArray(), int.MaxValue, out _, out _) || _received.Count >= 8)
            {
                var length = BitConverter.ToInt32([.. _received.Skip(4).Take(4)]);
                if (_received.Count >= length)
                {
                    var packet = _received.Take(length).ToArray();
                    _received.RemoveRange(0, length);
                    return packet;
                }
            }
            if (!await ReceiveAsync()) return [];
        }
    }

    /// <summary>On a connection of its own: proves itself for a tunnel that is open elsewhere; answers what the gateway says to it.</summary>
    public async Task<TsguError> ProveAgainAsync(ulong context, string ticket)
    {
        await SendAsync(TsguSamples.HandshakeRequest);
        await PacketAsync();
        await SendAsync(new TsguTunnelCreate(TsguCapabilities.Reauthentication, context, [.. Encoding.Unicode.GetBytes(ticket), 0, 0]).Write);
        var answer = TsguTunnelResponse.Read(await PacketAsync());
        if (answer.Status != TsguError.None) return answer.Status;
        await SendAsync(TsguSamples.TunnelAuthentication);
        return TsguTunnelAuthenticationResponse.Read(await PacketAsync()).Error;
    }

    /// <summary>Reads on until the gateway asks for a proof; answers under which context.</summary>
    public async Task<ulong> AskedForProofAsync()
    {
        while (await PacketAsync() is { Length: > 0 } packet)
        {
            if (packet[0] == (byte)TsguPacketType.Reauthentication) return BitConverter.ToUInt64(packet, 8);
        }
        throw new IOException("The gateway closed the connection without asking.");
    }

    /// <summary>Reads on until the gateway closes the channel; answers its code, and the words for the person before it.</summary>
    /// <param name="notAsked">Whether it must not be asked for a proof before.</param>
    public async Task<(TsguCloseReason Code, string? Words)> ClosedAsync(bool notAsked = false)
    {
        string? words = null;
        while (await PacketAsync() is { Length: > 0 } packet)
        {
            switch ((TsguPacketType)packet[0])
            {
                case TsguPacketType.ServiceMessage: words = Encoding.Unicode.GetString(packet[10..]).TrimEnd('\0'); break;
                case TsguPacketType.Reauthentication when notAsked: throw new IOException("It was asked for a proof.");
                case TsguPacketType.CloseChannel or TsguPacketType.CloseChannelResponse: return ((TsguCloseReason)BitConverter.ToUInt32(packet, 8), words);
            }
        }
        throw new IOException("The gateway closed the connection without closing the channel.");
    }

    /// <summary>Up to an open channel, with what came back on the way.</summary>
    public async Task<(TsguError Tunnel, TsguError Channel, string? Consent)> OpenAsync(
        string ticket, string target = FakeRedeemer.MachineName, ushort port = 3389, TsguCapabilities more = TsguCapabilities.None)
    {
        await SendAsync(TsguSamples.HandshakeRequest);
        await PacketAsync();
        await SendAsync(new TsguTunnelCreate(TsguCapabilities.Consent | TsguCapabilities.ServiceMessage | more, null, [.. Encoding.Unicode.GetBytes(ticket), 0, 0]).Write);
        var tunnel = TsguTunnelResponse.Read(await PacketAsync());
        if (tunnel.Status != TsguError.None) return (tunnel.Status, default, null);
        await SendAsync(TsguSamples.TunnelAuthentication);
        await PacketAsync();
        await SendAsync(new TsguChannelCreate(port, TsguChannelCreate.Rdp, [target]).Write);
        return (tunnel.Status, TsguChannelResponse.Read(await PacketAsync()).Error, tunnel.Consent);
    }

    public async ValueTask DisposeAsync()
    {
        await _out.DisposeAsync();
        if (_in is not null) await _in.DisposeAsync();
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private async Task<bool> ReceiveAsync()
    {
        var head = new byte[4];
        if (_in is not null)
        {
            var buffer = new byte[4096];
            var read = await _out.ReadAsync(buffer).AsTask().WaitAsync(Patience);
            _received.AddRange(buffer.Take(read));
            return read > 0;
        }
        if (await _out.ReadAtLeastAsync(head.AsMemory(0, 2), 2, throwOnEndOfStream: false).AsTask().WaitAsync(Patience) < 2) return false;
        Assert.Equal(0, head[1] & 0x80);                    // a client aborts on a masked frame
        int length = head[1];
        if (length == 126)
        {
            await _out.ReadExactlyAsync(head.AsMemory(0, 2)).AsTask().WaitAsync(Patience);
            (length, head[0]) = ((head[0] << 8) | head[1], 0x82);
        }
        var payload = new byte[length];
        await _out.ReadExactlyAsync(payload).AsTask().WaitAsync(Patience);
        if ((head[0] & 0x0F) == 8) return false;
        if ((head[0] & 0x0F) == 2) _received.AddRange(payload);
        return true;
    }
}
