using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Splice;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class SpliceSequenceTests
{
    private static readonly ClientDataEdit Unchanged = new(SecurityProtocols.Tls, new HashSet<string>());
    private static readonly SignIn SignIn = new("", "ana", "secret"u8);

    private static byte[] Handshake => [.. Samples.ConnectInitial, .. Samples.ErectDomain, .. Samples.AttachUser, .. Samples.ChannelJoin, .. Samples.ClientInfoUnicode];

    [Fact]
    public void Handshake_passes_unchanged_but_for_the_sign_in()
    {
        var sequence = new SpliceSequence(Unchanged, SignIn);
        var (sent, left) = Drive(sequence, [.. Handshake, 0xAA, 0xBB]);
        Assert.True(sequence.Done);
        Assert.Equal("office-7", sequence.Client!.Value.ClientName);
        var same = Handshake.Length - Samples.ClientInfoUnicode.Length;
        Assert.Equal(Handshake[..same], sent[..same]);
        Assert.NotEqual(Samples.ClientInfoUnicode, sent[same..]);
        Assert.Equal([0xAA, 0xBB], left);
    }

    [Fact]
    public void One_byte_at_a_time_gives_the_same()
    {
        var sequence = new SpliceSequence(Unchanged, SignIn);
        List<byte> waiting = [], sent = [];
        foreach (var b in Handshake)
        {
            waiting.Add(b);
            var (more, left) = Drive(sequence, [.. waiting]);
            sent.AddRange(more);
            waiting = [.. left];
        }
        Assert.Equal(Drive(new(Unchanged, SignIn), Handshake).Sent, sent);
    }

    [Fact]
    public void Machine_is_told_the_protocol_it_selected_when_the_legs_differ()
    {
        var (sent, _) = Drive(new(Unchanged with { Selected = SecurityProtocols.HybridEx }, SignIn), Samples.ConnectInitial);
        Assert.Equal(SecurityProtocols.HybridEx, ConnectInitial.Read(sent).ServerSelectedProtocol);
    }

    [Fact]
    public void Without_sign_in_the_client_info_stays_the_clients()
    {
        var (sent, _) = Drive(new(Unchanged, null), Handshake);
        Assert.Equal(Handshake, sent);
    }

    [Fact]
    public void Anything_but_a_connect_initial_first_is_refused() =>
        Assert.Throws<WireFormatException>(() => Drive(new(Unchanged, SignIn), Samples.ClientInfoUnicode));

    [Fact]
    public void Fast_path_before_the_client_info_is_refused() =>
        Assert.Throws<WireFormatException>(() => Drive(new(Unchanged, SignIn), [.. Samples.ConnectInitial, 0x04, 0x04, 0x00, 0x00]));

    [Fact]
    public void Client_that_never_comes_to_the_point_is_refused() =>
        Assert.Throws<WireFormatException>(() => Drive(
            new(Unchanged, SignIn),
            [.. Samples.ConnectInitial, .. Enumerable.Repeat(Samples.ChannelJoin, 200).SelectMany(f => f)]));

    [Fact]
    public void Frame_over_the_handshakes_limit_is_refused() =>
        Assert.Throws<WireFormatException>(() => Drive(new(Unchanged, SignIn), [0x03, 0x00, 0xFF, 0xFF]));

    private static (byte[] Sent, byte[] Left) Drive(SpliceSequence sequence, byte[] received)
    {
        var sent = new List<byte>();
        var rest = received.AsSpan();
        while (!sequence.Done)
        {
            var w = new WireWriter(new byte[SpliceSequence.LongestOutput], "Test");
            if (!sequence.TryStep(rest, ref w, out var consumed)) break;
            sent.AddRange(w.WrittenSpan);
            rest = rest[consumed..];
        }
        return ([.. sent], rest.ToArray());
    }
}
