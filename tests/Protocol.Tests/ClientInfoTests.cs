using System.Text;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Splice;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class ClientInfoTests
{
    [Fact]
    public void Unicode_sign_in_takes_the_place_of_what_was_typed_and_the_clients_own_program_goes_nowhere()
    {
        byte[] expected =
        [
            0x03, 0x00, 0x00, 0x47, 0x02, 0xF0, 0x80,           // TPKT: 71 bytes
            0x64, 0x00, 0x06, 0x03, 0xEB, 0x70, 0x39,           // Send Data Request, 57 bytes
            0x40, 0x00, 0x00, 0x00, 0x09, 0x04, 0x00, 0x00,     // security flags, code page
            0x3B, 0x47, 0x01, 0x00,                             // flags with INFO_AUTOLOGON
            0x00, 0x00, 0x06, 0x00, 0x0A, 0x00, 0x00, 0x00, 0x00, 0x00, // byte counts without terminators
            0x00, 0x00,                                         // ""
            0x61, 0x00, 0x6E, 0x00, 0x61, 0x00, 0x00, 0x00,     // "ana"
            0x73, 0x00, 0xE9, 0x00, 0x63, 0x00, 0x72, 0x00, 0x65, 0x00, 0x00, 0x00, // "sécre"
            0x00, 0x00, 0x00, 0x00,                             // no shell, no directory, whatever the client asked for
            0x02, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, // extra information, unchanged
        ];
        Assert.Equal(expected, Rewritten(Samples.ClientInfoUnicode, new SignIn("", "ana", "sécre"u8)));
    }

    [Fact]
    public void Program_of_the_ticket_takes_the_place_of_the_one_that_the_client_asks_for()
    {
        var frame = Samples.ClientInfoUnicode;
        frame[23] |= 0x80;                      // INFO_RAIL
        frame[25] |= 0x02;                      // INFO_HIDEF_RAIL_SUPPORTED
        var rewritten = Rewritten(frame, new SignIn("", "ana", "s"u8) { Program = "xmessage olá" });
        Assert.Contains("ana\0s\0xmessage olá\0\0", Encoding.Unicode.GetString(SendDataRequest.Read(rewritten).UserData[22..]), StringComparison.Ordinal);
        Assert.Equal(0, rewritten[23] & 0x80);
        Assert.Equal(0, rewritten[25] & 0x02);
    }

    [Fact]
    public void Ansi_client_is_refused_when_the_program_is_not_ascii() =>
        Assert.Throws<WireFormatException>(() => Rewritten(Samples.ClientInfoAnsi, new SignIn("", "ana", "secret"u8) { Program = "edição" }));

    [Fact]
    public void Program_that_has_no_room_is_refused_where_it_is_named() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SignIn("", "ana", "s"u8) { Program = new string('x', SignIn.LongestText + 1) });

    [Fact]
    public void Ansi_client_gets_ansi_back()
    {
        var rewritten = Rewritten(Samples.ClientInfoAnsi, new SignIn("DOM", "ana", "secret"u8));
        Assert.Contains("DOM\0ana\0secret\0\0\0", Encoding.Latin1.GetString(rewritten), StringComparison.Ordinal);
    }

    [Fact]
    public void Ansi_client_is_refused_when_the_name_is_not_ascii() =>
        Assert.Throws<WireFormatException>(() => Rewritten(Samples.ClientInfoAnsi, new SignIn("", "joão", "secret"u8)));

    [Fact]
    public void Length_grows_into_two_bytes_at_128()
    {
        var rewritten = Rewritten(Samples.ClientInfoUnicode, new SignIn(new string('d', 100), "ana", "secret"u8));
        var request = SendDataRequest.Read(rewritten);
        Assert.Equal(0x80, rewritten[13] & 0xC0);
        Assert.Equal(rewritten.Length - 15, request.UserData.Length);
    }

    [Fact]
    public void Longest_sign_in_fits_the_output_of_one_step()
    {
        var longest = new string('x', SignIn.LongestText);
        var rewritten = Rewritten(Samples.ClientInfoUnicode, new SignIn(longest, longest, Encoding.UTF8.GetBytes(longest)) { Program = longest });
        Assert.Equal(FrameStatus.Complete, TpktFrame.TryRead(rewritten, SpliceSequence.LongestOutput, out _));
    }

    [Fact]
    public void Every_truncation_up_to_the_extra_information_is_refused()
    {
        for (var length = 0; length < Samples.ClientInfoAnsi.Length; length++)
        {
            var cut = Samples.ClientInfoAnsi[..length];
            Assert.Throws<WireFormatException>(() => Rewritten(cut, new SignIn("", "ana", "secret"u8)));
            if (length <= 14) continue;
            cut[3] = (byte)length;                              // outer lengths that agree must not help
            cut[13] = (byte)(length - 14);
            Assert.Throws<WireFormatException>(() => Rewritten(cut, new SignIn("", "ana", "secret"u8)));
        }
    }

    [Theory]
    [InlineData(14, 0x48)]      // encrypted by Standard RDP Security
    [InlineData(14, 0x00)]      // not a Client Info
    [InlineData(26, 0x03)]      // an odd count of UTF-16 bytes
    [InlineData(27, 0x03)]      // over 512 bytes
    public void Client_info_that_breaks_a_rule_is_refused(int at, byte value)
    {
        var frame = Samples.ClientInfoUnicode;
        frame[at] = value;
        Assert.Throws<WireFormatException>(() => Rewritten(frame, new SignIn("", "ana", "secret"u8)));
    }

    [Fact]
    public void Disposed_sign_in_has_no_secret_left()
    {
        var signIn = new SignIn("", "ana", "secret"u8);
        signIn.Dispose();
        Assert.True(signIn.Utf8Secret.IndexOfAnyExcept((byte)0) < 0);
    }

    private static byte[] Rewritten(byte[] frame, SignIn signIn)
    {
        var w = new WireWriter(new byte[SpliceSequence.LongestOutput], "Test");
        ClientInfo.Rewrite(frame, signIn, ref w);
        return w.WrittenSpan.ToArray();
    }
}
