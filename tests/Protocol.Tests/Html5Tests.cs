using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class Html5Tests
{
    [Fact]
    public void Hello_is_read_as_the_document_says()
    {
        var hello = Hello.Read(Html5Samples.Hello);
        Assert.Equal(new Hello(false, "tick", 1024, 768, 100, 0x0816, BrowserCapabilities.Avc1 | BrowserCapabilities.Zstd, 1024, "pt-PT", ""), hello);
        Assert.DoesNotContain("tick", hello.ToString(), StringComparison.Ordinal);
        var w = new WireWriter(new byte[Html5Limits.LongestHello], nameof(Hello));
        hello.Write(ref w);
        Assert.Equal(Html5Samples.Hello, w.WrittenSpan.ToArray());
    }

    [Fact]
    public void Hello_of_an_assistance_is_a_third_kind_and_a_fourth_is_refused()
    {
        byte[] message = [.. Html5Samples.Hello];
        message[3] = 2;
        var hello = Hello.Read(message);
        Assert.True(hello is { IsAssistance: true, IsResume: false });
        var w = new WireWriter(new byte[Html5Limits.LongestHello], nameof(Hello));
        hello.Write(ref w);
        Assert.Equal(message, w.WrittenSpan.ToArray());
        message[3] = 3;
        Assert.Throws<WireFormatException>(() => Hello.Read(message));
    }

    [Fact]
    public void Notice_carries_its_code_and_its_text_and_every_truncation_of_it_is_refused()
    {
        byte[] message =
        [
            0x14,                                   // Notice
            0x0A,                                   // somebody asks to look
            0x08, 0x00,                             // length of the text
            0x52, 0x75, 0x69, 0x0A, 0xC3, 0xA9, 0x0A, 0x31, // Rui, why, number of the question
        ];
        Assert.Equal(new Notice(NoticeCode.LookAsked, "Rui\né\n1"), Notice.Read(message));
        Assert.Equal(message, new Notice(NoticeCode.LookAsked, "Rui\né\n1").ToMessage());
        for (var length = 0; length < message.Length; length++) Assert.Throws<WireFormatException>(() => Notice.Read(message.AsSpan(0, length)));
        Assert.Throws<WireFormatException>(() => new Notice(NoticeCode.Looking, new string('x', 2000)).ToMessage());
    }

    [Fact]
    public void Every_truncation_of_a_hello_is_refused()
    {
        for (var length = 0; length < Html5Samples.Hello.Length; length++)
            Assert.Throws<WireFormatException>(() => Hello.Read(Html5Samples.Hello.AsSpan(0, length)));
    }

    [Fact]
    public void Every_truncation_of_a_frame_is_refused()
    {
        for (var length = 0; length < Html5Samples.Frame.Length; length++)
            Assert.Throws<WireFormatException>(() => FrameMessage.Read(Html5Samples.Frame.AsMemory(0, length)));
    }

    [Fact]
    public void Screen_sizes_are_brought_into_what_machines_accept()
    {
        byte[] wish = [0x87, 0x01, 0x03, 0xFF, 0xFF, 0x00, 0x00];
        Assert.Equal(new BrowserInput.Resize(768, 8192, 100), BrowserInput.Read(wish));
    }

    [Fact]
    public void Further_monitors_follow_the_first_one_and_every_truncation_of_them_is_refused()
    {
        byte[] message =
        [
            0x87, 0x00, 0x05, 0x20, 0x03, 0x64, 0x00,               // 1280 x 800 at 100 %
            0x00, 0x05, 0x00, 0x00, 0x00, 0x04, 0x00, 0x03,         // 1024 x 768 at 1280,0
            0x00, 0x09, 0x10, 0x00, 0x01, 0x03, 0x58, 0x02,         // 769 x 600 at 2304,16
        ];
        var read = Assert.IsType<BrowserInput.Resize>(BrowserInput.Read(message));
        Assert.Equal((1280, 800, 100), (read.Width, read.Height, read.ScalePercent));
        Assert.Equal([new ScreenRect(1280, 0, 1024, 768), new ScreenRect(2304, 16, 768, 600)], read.Further);
        foreach (var length in Enumerable.Range(0, message.Length).Where(l => l is not (7 or 15)))
            Assert.Throws<WireFormatException>(() => BrowserInput.Read(message.AsSpan(0, length)));
    }

    [Theory]
    [InlineData(new ushort[] { 1279, 0, 1024, 768 })]                                                          // on the first one
    [InlineData(new ushort[] { 1280, 0, 800, 600, 2079, 599, 800, 600 })]                                      // on the second
    [InlineData(new ushort[] { 1280, 0, 800, 600, 2080, 0, 800, 600, 2880, 0, 800, 600, 3680, 0, 800, 600 })]  // a fifth
    [InlineData(new ushort[] { 7990, 0, 204, 600 })]                                                           // past the longest side
    [InlineData(new ushort[] { 0, 65535, 800, 600 })]
    [InlineData(new ushort[] { 1280, 0, 6912, 4098 })]                                                         // too many pixels together
    public void Monitors_that_no_desktop_can_have_are_refused(ushort[] further)
    {
        byte[] first = [0x87, 0x00, 0x05, 0x20, 0x03, 0x64, 0x00];
        Assert.Throws<WireFormatException>(() => BrowserInput.Read([.. first, .. further.SelectMany(BitConverter.GetBytes)]));
    }

    [Fact]
    public void Inputs_are_read_as_the_document_says()
    {
        var read = Html5Samples.Inputs.Select(i => BrowserInput.Read(i)).ToList();
        Assert.Equal(new BrowserInput.Ack(7), read[0]);
        Assert.Equal(new BrowserInput.Key(0x4B, KeyPrefix.E0, Down: true), read[1]);
        Assert.Equal(new BrowserInput.Text("cá€"), read[2]);
        Assert.Equal(new BrowserInput.Mouse(16, 32, MouseButtons.Left), read[3]);
        Assert.Equal(new BrowserInput.Wheel(16, 32, -120, 0), read[4]);
    }

    [Fact]
    public void Key_has_one_prefix_or_none()
    {
        Assert.Equal(new BrowserInput.Key(0x1D, KeyPrefix.E1, Down: true), BrowserInput.Read([0x83, 4, 0x1D]));
        Assert.Equal(new BrowserInput.Key(0x1D, KeyPrefix.E1, Down: false), BrowserInput.Read([0x83, 5, 0x1D]));
        Assert.Throws<WireFormatException>(() => BrowserInput.Read([0x83, 6, 0x1D]));
    }

    [Fact]
    public void Files_are_read_as_the_document_says()
    {
        var read = Html5Samples.Inputs.Select(i => BrowserInput.Read(i)).ToList();
        Assert.Contains(new BrowserInput.FileOffer(0x8000_0001, 5, "a.txt"), read);
        Assert.Contains(new BrowserInput.FileProgress(1, 5), read);
        // Numbers without the browser's bit, long names and long pieces are none of a browser's.
        Assert.Throws<WireFormatException>(() => BrowserInput.Read([0x8A, 1, 0, 0, 0, .. new byte[10]]));
        Assert.Throws<WireFormatException>(() => BrowserInput.Read([0x8A, 1, 0, 0, 0x80, .. new byte[8], 0xFD, 0x03, .. new byte[1021]]));
        Assert.Throws<WireFormatException>(() => BrowserInput.Read([0x8B, 1, 0, 0, 0x80, .. new byte[Html5Limits.LongestChunk + 1]]));
        Assert.Throws<WireFormatException>(() => BrowserInput.Read([0x90, .. new byte[Html5Limits.LongestMicrophone + 1]]));
    }

    [Fact]
    public void Clipboard_over_its_bound_is_refused()
    {
        var message = new byte[Html5Limits.LongestClipboardText + 3];
        (message[0], message[1]) = (0x89, 0x01);
        Assert.Throws<WireFormatException>(() => BrowserInput.Read(message));
    }

    [Fact]
    public void A_frame_takes_apart_into_its_operations() =>
        Assert.Equal([FrameOp.Solid, FrameOp.Copy, FrameOp.Cached, FrameOp.H264], FrameMessage.Read(Html5Samples.Frame).Ops.Select(o => o.Kind));
}
