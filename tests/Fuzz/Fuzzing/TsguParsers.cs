using System.Buffers.Binary;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Http;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.WebSockets;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Fuzz.Fuzzing;

/// <summary>What reads an RD Gateway client.</summary>
internal static class TsguParsers
{
    private static readonly byte[][] Packets =
    [
        TsguSamples.HandshakeRequest, TsguSamples.HandshakeResponse, TsguSamples.TunnelCreate, TsguSamples.TunnelCreateAgain, TsguSamples.TunnelResponse,
        TsguSamples.TunnelAuthentication, TsguSamples.TunnelAuthenticationResponse, TsguSamples.ChannelCreate, TsguSamples.ChannelResponse,
    ];

    public static IReadOnlyList<Parser> All { get; } =
    [
        new("tsgu", Packets, ReadPacket),
        new("tsguserver", [[.. TsguSamples.HandshakeRequest, .. TsguSamples.TunnelCreate, .. TsguSamples.TunnelAuthentication, .. TsguSamples.ChannelCreate]], Converse),
        new("tsgudata", [[.. TsguSamples.Data, .. TsguSamples.Keepalive, .. TsguSamples.Reauthentication, .. TsguSamples.Data, .. TsguSamples.CloseChannel]], bytes => InPieces(bytes, new TsguDataReader().Unwrap)),
        new("websocket", [TsguSamples.WebSocket], ReadWebSocket),
        new("chunked", [TsguSamples.Chunks], bytes => InPieces(bytes, new ChunkedReader().Decode)),
        new("requesthead", [TsguSamples.Upgrade], bytes => RequestHead.TryRead(bytes, out _, out _)),
    ];

    private delegate int InPlace(Span<byte> bytes);

    private static void ReadPacket(byte[] bytes)
    {
        // Half of them get a right length again, or nearly all would end at the header.
        if (bytes.Length >= TsguFrame.HeaderLength && bytes[^1] % 2 == 0) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), (uint)bytes.Length);
        if (!TsguFrame.TryRead(bytes, TsguFrame.LongestHandshakePacket, out var type, out var length)) return;
        var packet = bytes.AsSpan(0, length);
        switch (type)
        {
            case TsguPacketType.HandshakeRequest: TsguHandshakeRequest.Read(packet); break;
            case TsguPacketType.HandshakeResponse: TsguHandshakeResponse.Read(packet); break;
            case TsguPacketType.TunnelCreate: TsguTunnelCreate.Read(packet); break;
            case TsguPacketType.TunnelResponse: TsguTunnelResponse.Read(packet); break;
            case TsguPacketType.TunnelAuthentication: TsguTunnelAuthentication.Read(packet); break;
            case TsguPacketType.TunnelAuthenticationResponse: TsguTunnelAuthenticationResponse.Read(packet); break;
            case TsguPacketType.ChannelCreate: TsguChannelCreate.Read(packet); break;
            case TsguPacketType.ChannelResponse: TsguChannelResponse.Read(packet); break;
        }
    }

    /// <summary>Everything a stranger may say up to an open channel; a good cookie is assumed, so that all of it is reached.</summary>
    private static void Converse(byte[] bytes)
    {
        using var collector = new TsguCollector();
        var server = new TsguServer(new("Só pessoal autorizado", false, 30, false), 7);
        var reply = new byte[TsguServer.LongestReply];
        var rest = bytes.AsSpan();
        while (rest.Length > 0 && server.State is not (TsguState.Open or TsguState.Refused))
        {
            var taken = Math.Min(Math.Min(rest.Length, collector.Free.Length), 1 + (rest.Length % 37));
            rest[..taken].CopyTo(collector.Free.Span);
            collector.Add(taken);
            rest = rest[taken..];
            while (server.State is not (TsguState.Open or TsguState.Refused) && collector.TryTake(out var packet))
            {
                var w = new WireWriter(reply, "Fuzz");
                switch (server.Take(packet, ref w))
                {
                    case TsguStep.Redeem: server.GrantTunnel(ref w); break;
                    case TsguStep.Connect: server.GrantChannel(ref w); break;
                }
            }
        }
    }

    private static void ReadWebSocket(byte[] bytes)
    {
        var reader = new WebSocketReader();
        var pong = new byte[256];
        InPieces(bytes, piece =>
        {
            var payload = reader.Decode(piece);
            var w = new WireWriter(pong, "Fuzz");
            reader.TryAnswerPing(ref w);
            return payload;
        });
    }

    private static void InPieces(byte[] bytes, InPlace decode)
    {
        for (int at = 0, step = 1; at < bytes.Length; at += step, step = 1 + (at % 61))
        {
            var piece = bytes.AsSpan(at, Math.Min(step, bytes.Length - at));
            var payload = decode(piece);
            if (payload < 0 || payload > piece.Length) throw new InvalidOperationException("More came out than went in.");
        }
    }
}
