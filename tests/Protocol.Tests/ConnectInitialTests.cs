using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class ConnectInitialTests
{
    [Fact]
    public void Core_data_says_screen_keyboard_name_and_protocol() =>
        Assert.Equal(new ConnectInitial(800, 600, 0x409, 18363, "office-7", SecurityProtocols.Tls), ConnectInitial.Read(Samples.ConnectInitial));

    [Fact]
    public void Rewriting_the_selected_protocol_changes_that_field_alone()
    {
        var frame = Samples.ConnectInitial;
        ConnectInitial.RewriteSelectedProtocol(frame, SecurityProtocols.HybridEx);
        Assert.Equal(SecurityProtocols.HybridEx, ConnectInitial.Read(frame).ServerSelectedProtocol);
        var changed = Enumerable.Range(0, frame.Length).Where(i => frame[i] != Samples.ConnectInitial[i]).ToList();
        Assert.Single(changed);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        for (var length = 0; length < Samples.ConnectInitial.Length; length++)
            Assert.Throws<WireFormatException>(() => ConnectInitial.Read(Samples.ConnectInitial.AsSpan(0, length)));
    }

    [Fact]
    public void Second_core_block_is_refused()
    {
        var frame = Samples.ConnectInitial;
        var cluster = frame.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x04, 0xC0, 0x0C, 0x00]);
        frame[cluster] = 0x01;
        Assert.Throws<WireFormatException>(() => ConnectInitial.Read(frame));
    }

    [Fact]
    public void Name_of_the_client_cannot_bring_a_line_break_into_a_log()
    {
        var frame = Samples.ConnectInitial;
        frame[frame.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x6F, 0x00, 0x66, 0x00])] = 0x0A;
        Assert.Equal("?ffice-7", ConnectInitial.Read(frame).ClientName);
    }
}
