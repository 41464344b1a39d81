using System.Text;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.FrontEnd;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class FrontEndSequenceTests
{
    private const string Ticket = Samples.Ticket;

    [Fact]
    public void Client_is_led_to_its_first_key_press_with_one_answer_to_each_question()
    {
        using var server = new FrontEndSequence(SecurityProtocols.Tls | SecurityProtocols.Hybrid);
        var (steps, answers) = Drive(server, FrontEndSamples.Visit);
        Assert.Equal([FrontEndStep.SignInRead, FrontEndStep.Active, FrontEndStep.Input], steps.Where(s => s != FrontEndStep.Nothing));
        // Connect Response, Attach User Confirm, Channel Join Confirm; licence, Demand Active; Synchronize, Cooperate; Granted; Font Map.
        Assert.Equal([0x7F, 0x2E, 0x3E, 0x68, 0x68, 0x68, 0x68, 0x68, 0x68], answers.Select(a => (int)a[7]));
        Assert.Equal(((ushort)800, (ushort)600), server.Screen);
        Assert.Equal(24, server.BitsPerPixel);
    }

    [Fact]
    public void One_byte_at_a_time_gives_the_same()
    {
        using var whole = new FrontEndSequence(SecurityProtocols.Tls);
        using var slow = new FrontEndSequence(SecurityProtocols.Tls);
        List<byte> waiting = [];
        List<byte[]> answers = [];
        foreach (var b in FrontEndSamples.Visit)
        {
            waiting.Add(b);
            var (_, more, left) = DriveOnce(slow, [.. waiting]);
            answers.AddRange(more);
            waiting = [.. left];
        }
        Assert.Equal(Drive(whole, FrontEndSamples.Visit).Answers, answers);
    }

    [Fact]
    public void What_the_person_typed_is_handed_over_once_and_can_be_cleared()
    {
        using var server = new FrontEndSequence(SecurityProtocols.Tls);
        Drive(server, [.. FrontEndSamples.Visit.AsSpan(0, FrontEndSamples.Visit.Length - FrontEndSamples.Input(0, 0).Length)], take: false);
        var typed = server.TakeSignIn();
        Assert.Equal(("D", "me", "pw"), (typed.Domain, typed.UserName, Encoding.UTF8.GetString(typed.Utf8Password)));
        Assert.Throws<InvalidOperationException>(server.TakeSignIn);
        typed.Dispose();
        Assert.Equal("\0\0", Encoding.UTF8.GetString(typed.Utf8Password));
        Assert.DoesNotContain("pw", typed.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Connect_response_repeats_what_was_asked_and_numbers_every_channel()
    {
        using var server = new FrontEndSequence(SecurityProtocols.Tls | SecurityProtocols.Hybrid);
        var answer = Drive(server, Samples.ConnectInitial).Answers.Single();
        Assert.True(answer.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x01, 0x0C, 0x10, 0x00, 0x04, 0x00, 0x08, 0x00, 0x03, 0x00, 0x00, 0x00]) > 0, "SC_CORE");
        Assert.True(answer.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x03, 0x0C, 0x10, 0x00, 0xEB, 0x03, 0x04, 0x00, 0xEC, 0x03, 0xED, 0x03, 0xEE, 0x03, 0xEF, 0x03]) > 0, "SC_NET");
    }

    [Theory]
    [InlineData(0x0004, 0x0000, true)]                      // key down
    [InlineData(0x0004, 0x8000, false)]                     // key up: the Enter that started the client
    [InlineData(0x8001, 0x9000, true)]                      // left button down
    [InlineData(0x8001, 0x1000, false)]                     // left button up
    [InlineData(0x0000, 0x0002, false)]                     // Caps Lock and its like, told at focus
    public void Only_presses_count_as_input(int type, int flags, bool counts)
    {
        using var server = new FrontEndSequence(SecurityProtocols.Tls);
        Drive(server, [.. FrontEndSamples.Visit.AsSpan(0, FrontEndSamples.Visit.Length - FrontEndSamples.Input(0, 0).Length)]);
        Assert.Equal([counts ? FrontEndStep.Input : FrontEndStep.Nothing], Drive(server, FrontEndSamples.Input((ushort)type, (ushort)flags)).Steps);
    }

    [Fact]
    public void Redirection_carries_the_routing_token_and_nothing_else()
    {
        using var server = new FrontEndSequence(SecurityProtocols.Tls);
        Drive(server, [.. Samples.ConnectInitial, .. Samples.AttachUser, .. Samples.ChannelJoin, .. Samples.ClientInfoUnicode], activate: false);
        var w = new WireWriter(new byte[FrontEndSequence.LongestOutput], "Test");
        server.WriteRedirection(ref w, Ticket);
        var licence = w.WrittenSpan[3];
        byte[] wanted =
        [
            0x03, 0x00, 0x00, 0x62, 0x02, 0xF0, 0x80, 0x68, 0x00, 0x01, 0x03, 0xEB, 0x70, 0x80, 0x53, // Send Data Indication, 83 bytes
            0x53, 0x00, 0x1A, 0x00, 0xEA, 0x03,             // totalLength, PDUTYPE_SERVER_REDIR_PKT, pduSource
            0x00, 0x00,                                     // pad
            0x00, 0x04, 0x4A, 0x00,                         // flags = SEC_REDIRECTION_PKT, length 74
            0x00, 0x00, 0x00, 0x00,                         // sessionId
            0x22, 0x00, 0x00, 0x00,                         // LB_LOAD_BALANCE_INFO | LB_DONTSTOREUSERNAME
            0x3A, 0x00, 0x00, 0x00,                         // 58 bytes
            .. "Cookie: msts="u8, .. Encoding.ASCII.GetBytes(Ticket), 0x0D, 0x0A,
            0x00,                                           // pad
        ];
        Assert.Equal(wanted, w.WrittenSpan[licence..].ToArray());
    }

    [Fact]
    public void Client_that_never_becomes_active_is_refused() =>
        Assert.Throws<WireFormatException>(() =>
        {
            using var server = new FrontEndSequence(SecurityProtocols.Tls);
            Drive(server, [.. Samples.ConnectInitial, .. Enumerable.Repeat(Samples.ChannelJoin, 300).SelectMany(f => f)]);
        });

    [Fact]
    public void Data_before_the_client_info_is_refused() =>
        Assert.Throws<WireFormatException>(() =>
        {
            using var server = new FrontEndSequence(SecurityProtocols.Tls);
            Drive(server, [.. Samples.ConnectInitial, .. FrontEndSamples.ConfirmActive]);
        });

    [Fact]
    public void Leaving_is_heard_in_every_state()
    {
        using var server = new FrontEndSequence(SecurityProtocols.Tls);
        Assert.Equal(FrontEndStep.Left, Drive(server, [.. Samples.ConnectInitial, .. FrontEndSamples.Disconnect]).Steps[^1]);
    }

    private static (List<FrontEndStep> Steps, List<byte[]> Answers) Drive(FrontEndSequence server, byte[] received, bool activate = true, bool take = true)
    {
        var (steps, answers, _) = DriveOnce(server, received, activate, take);
        return (steps, answers);
    }

    private static (List<FrontEndStep> Steps, List<byte[]> Answers, byte[] Left) DriveOnce(FrontEndSequence server, byte[] received, bool activate = true, bool take = true)
    {
        List<FrontEndStep> steps = [];
        List<byte[]> answers = [];
        var rest = received.AsSpan();
        while (true)
        {
            var w = new WireWriter(new byte[FrontEndSequence.LongestOutput], "Test");
            var step = server.Step(rest, ref w, out var consumed);
            if (step == FrontEndStep.NeedMoreBytes) return (steps, answers, rest.ToArray());
            rest = rest[consumed..];
            steps.Add(step);
            if (step == FrontEndStep.SignInRead && activate)
            {
                if (take) server.TakeSignIn().Dispose();
                server.WriteActivation(ref w);
            }
            var written = w.WrittenSpan;
            while (TpktFrame.TryRead(written, TpktFrame.LongestPossible, out var length) == FrameStatus.Complete)
            {
                answers.Add(written[..length].ToArray());
                written = written[length..];
            }
            Assert.Equal(0, written.Length);
        }
    }
}
