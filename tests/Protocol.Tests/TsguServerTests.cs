using System.Text;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class TsguServerTests
{
    private static readonly TsguSettings Plain = new(null, false, 30, false);
    private readonly byte[] _reply = new byte[TsguServer.LongestReply];

    [Fact]
    public void Connection_comes_to_an_open_channel_in_four_steps()
    {
        var server = new TsguServer(Plain, 7) { Redirection = TsguRedirection.NoDrives | TsguRedirection.NoClipboard };
        Assert.IsType<TsguStep.Continue>(Take(server, TsguSamples.HandshakeRequest, out var reply));
        Assert.Equal(TsguSamples.HandshakeResponse, reply);
        Assert.Equal(Samples.Ticket, Assert.IsType<TsguStep.Redeem>(Take(server, TsguSamples.TunnelCreate, out _)).Cookie);
        Assert.Equal(7u, TsguTunnelResponse.Read(Grant(server.GrantTunnel)).TunnelId);
        Take(server, TsguSamples.TunnelAuthentication, out reply);
        Assert.Equal(TsguSamples.TunnelAuthenticationResponse, reply);
        Assert.Equal("office-7", server.ClientName);
        Assert.Equal(["desk-1"], Assert.IsType<TsguStep.Connect>(Take(server, TsguSamples.ChannelCreate, out _)).Channel.Resources);
        Assert.Equal(TsguSamples.ChannelResponse, Grant(server.GrantChannel));
        Assert.Equal(TsguState.Open, server.State);
    }

    [Fact]
    public void Packet_out_of_its_place_is_refused()
    {
        byte[][] right = [TsguSamples.HandshakeRequest, TsguSamples.TunnelCreate, TsguSamples.TunnelAuthentication, TsguSamples.ChannelCreate];
        byte[][] all = [.. right, TsguSamples.Data, TsguSamples.CloseChannel, TsguSamples.Reauthentication, TsguSamples.TunnelResponse, [0x63, 0, 0, 0, 8, 0, 0, 0]];
        for (var step = 0; step < right.Length; step++)
        {
            foreach (var wrong in all.Where(p => !p.SequenceEqual(right[step])))
            {
                var server = new TsguServer(Plain, 7);
                for (var before = 0; before < step; before++)
                {
                    if (Take(server, right[before], out _) is TsguStep.Redeem) Grant(server.GrantTunnel);
                }
                Assert.Throws<WireFormatException>(() => Take(server, wrong, out _));
            }
        }
    }

    [Fact]
    public void Nothing_is_read_while_the_broker_is_asked()
    {
        var server = new TsguServer(Plain, 7);
        Take(server, TsguSamples.HandshakeRequest, out _);
        Take(server, TsguSamples.TunnelCreate, out _);
        Assert.Throws<WireFormatException>(() => Take(server, TsguSamples.TunnelCreate, out _));
    }

    [Fact]
    public void Client_that_brings_no_cookie_is_told_so_in_the_packet_it_waits_for()
    {
        var ntlm = TsguSamples.HandshakeRequest;
        ntlm[12] = 0x04;
        Assert.Equal(TsguError.AuthenticationMethod, Assert.IsType<TsguStep.Refused>(Take(new TsguServer(Plain, 7), ntlm, out var reply)).Error);
        Assert.Equal(TsguError.AuthenticationMethod, TsguHandshakeResponse.Read(reply).Error);

        Assert.Equal(TsguError.CookieDenied, TunnelError(new(TsguCapabilities.None, null, null), Plain));
        Assert.Equal(TsguError.CookieBadPacket, TunnelError(new(TsguCapabilities.None, null, [0x41]), Plain));
        Assert.Equal(TsguError.CookieBadPacket, TunnelError(new(TsguCapabilities.None, null, [0x0A, 0x00]), Plain));
        Assert.Equal(TsguError.CookieBadPacket, TunnelError(new(TsguCapabilities.None, null, []), Plain));
    }

    [Fact]
    public void Consent_goes_to_clients_that_can_show_it_and_the_others_may_be_refused()
    {
        var banner = Plain with { Consent = "Só pessoal autorizado\n\nAuthorised staff only" };
        var server = new TsguServer(banner, 7);
        Take(server, TsguSamples.HandshakeRequest, out _);
        Take(server, TsguSamples.TunnelCreate, out _);
        Assert.Equal(banner.Consent, TsguTunnelResponse.Read(Grant(server.GrantTunnel)).Consent);
        Assert.Equal(TsguError.CapabilityMismatch, TunnelError(new(TsguCapabilities.None, null, [0x41, 0x00]), banner with { OnlyClientsThatShowMessages = true }));
        Assert.Null(TunnelError(new(TsguCapabilities.None, null, [0x41, 0x00]), banner));
    }

    [Fact]
    public void Denial_is_said_in_the_packet_that_answers()
    {
        var server = new TsguServer(Plain, 7);
        Take(server, TsguSamples.HandshakeRequest, out _);
        Take(server, TsguSamples.TunnelCreate, out _);
        Assert.Equal(TsguError.CookieDenied, TsguTunnelResponse.Read(Grant((ref WireWriter w) => server.Deny(TsguError.CookieDenied, ref w))).Status);
        Assert.Equal(TsguState.Refused, server.State);
        Assert.Throws<WireFormatException>(() => Take(server, TsguSamples.TunnelCreate, out _));
    }

    [Fact]
    public void Proof_for_an_open_tunnel_gets_a_tunnel_and_never_a_channel()
    {
        var server = new TsguServer(Plain with { Reauthentication = true, Consent = "agreed already" }, 7);
        Take(server, TsguSamples.HandshakeRequest, out _);
        var create = new TsguTunnelCreate(TsguCapabilities.Consent | TsguCapabilities.Reauthentication, 0x1122334455667788, [0x41, 0x00]);
        Assert.Equal(new TsguStep.ProveAgain(0x1122334455667788, "A"), Take(server, Grant(create.Write), out _));
        var granted = TsguTunnelResponse.Read(Grant(server.GrantTunnel));
        Assert.Equal((TsguError.None, null), (granted.Status, granted.Consent));
        Assert.True(granted.Capabilities!.Value.HasFlag(TsguCapabilities.Reauthentication));
        Take(server, TsguSamples.TunnelAuthentication, out _);
        Assert.Equal(TsguState.Proved, server.State);
        Assert.Throws<WireFormatException>(() => Take(server, TsguSamples.ChannelCreate, out _));
    }

    [Fact]
    public void Proof_that_nobody_asks_for_is_refused() =>
        Assert.Equal(TsguError.CapabilityMismatch, TunnelError(new(TsguCapabilities.Reauthentication, 1, [0x41, 0x00]), Plain));

    [Fact]
    public void Text_of_a_proof_does_not_show_the_cookie() =>
        Assert.DoesNotContain("secret", new TsguStep.ProveAgain(1, "secret").ToString(), StringComparison.Ordinal);

    [Fact]
    public void Keepalive_while_a_person_reads_changes_nothing()
    {
        var server = new TsguServer(Plain, 7);
        Take(server, TsguSamples.HandshakeRequest, out _);
        Take(server, TsguSamples.TunnelCreate, out _);
        Grant(server.GrantTunnel);
        Assert.IsType<TsguStep.Continue>(Take(server, TsguSamples.Keepalive, out var reply));
        Assert.Empty(reply);
        Assert.Equal(TsguState.TunnelAuthentication, server.State);
    }

    [Fact]
    public void Packets_are_put_together_by_their_length_however_they_are_cut()
    {
        byte[] sent = [.. TsguSamples.HandshakeRequest, .. TsguSamples.TunnelCreate, .. TsguSamples.Data];
        foreach (var step in new[] { 1, 3, 20, sent.Length })
        {
            using var collector = new TsguCollector();
            var got = new List<byte[]>();
            for (var at = 0; at < sent.Length; at += step)
            {
                var piece = sent.AsSpan(at, Math.Min(step, sent.Length - at));
                piece.CopyTo(collector.Free.Span);
                collector.Add(piece.Length);
                while (got.Count < 2 && collector.TryTake(out var packet)) got.Add(packet.ToArray());
            }
            Assert.Equal([TsguSamples.HandshakeRequest, TsguSamples.TunnelCreate], got);
            Assert.Equal(TsguSamples.Data, collector.Rest.ToArray());
        }
    }

    [Fact]
    public void Data_comes_out_whole_however_it_is_cut()
    {
        var payload = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000)));
        var sent = new List<byte>();
        foreach (var piece in payload.Chunk(7919))
        {
            var header = new byte[TsguDataHeader.Length];
            TsguDataHeader.Write(header, piece.Length);
            sent.AddRange([.. header, .. piece, .. TsguSamples.Keepalive, .. TsguSamples.Reauthentication]);
        }
        foreach (var step in new[] { 1, 9, 1400, 65536 })
        {
            var reader = new TsguDataReader();
            var got = new List<byte>();
            foreach (var piece in sent.Chunk(step)) got.AddRange(piece[..reader.Unwrap(piece)]);
            Assert.Equal(payload, got);
            Assert.True(reader.KeepaliveCame);
            Assert.False(reader.KeepaliveCame);
        }
    }

    [Fact]
    public void Close_drops_what_follows()
    {
        var reader = new TsguDataReader();
        byte[] bytes = [.. TsguSamples.Data, .. TsguSamples.CloseChannel, .. TsguSamples.Data];
        Assert.Equal(3, reader.Unwrap(bytes));
        Assert.True(reader.Closed);
        Assert.False(reader.CloseAnswered);
    }

    [Fact]
    public void Data_that_contradicts_itself_is_refused()
    {
        var other = TsguSamples.Data;
        other[8] = 0x02;
        Assert.Throws<WireFormatException>(() => new TsguDataReader().Unwrap(other));
        Assert.Throws<WireFormatException>(() => new TsguDataReader().Unwrap([0x0A, 0, 0, 0, 0x0A, 0, 1, 0]));     // over the longest
        Assert.Throws<WireFormatException>(() => new TsguDataReader().Unwrap(TsguSamples.ChannelCreate));
    }

    [Fact]
    public void Data_is_unwrapped_without_an_allocation()
    {
        var packet = new byte[TsguDataHeader.Length + 1400];
        TsguDataHeader.Write(packet, 1400);
        var reader = new TsguDataReader();
        reader.Unwrap([.. packet]);
        var copy = new byte[packet.Length];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            packet.CopyTo(copy, 0);
            reader.Unwrap(copy);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private TsguError? TunnelError(TsguTunnelCreate create, TsguSettings settings)
    {
        var server = new TsguServer(settings, 7);
        Take(server, TsguSamples.HandshakeRequest, out _);
        var w = new WireWriter(new byte[256], "Test");
        create.Write(ref w);
        return Take(server, w.WrittenSpan.ToArray(), out var reply) is TsguStep.Refused refused && TsguTunnelResponse.Read(reply).Status == refused.Error ? refused.Error : null;
    }

    private TsguStep Take(TsguServer server, byte[] packet, out byte[] reply)
    {
        var w = new WireWriter(_reply, "Test");
        var step = server.Take(packet, ref w);
        reply = w.WrittenSpan.ToArray();
        return step;
    }

    private delegate void Replying(ref WireWriter w);

    private byte[] Grant(Replying grant)
    {
        var w = new WireWriter(_reply, "Test");
        grant(ref w);
        return w.WrittenSpan.ToArray();
    }
}
