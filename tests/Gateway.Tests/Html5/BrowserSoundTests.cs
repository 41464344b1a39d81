using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>Sound and microphone between the real library's server side and the browser protocol; see <see cref="ChannelServer"/>.</summary>
public sealed class BrowserSoundTests
{
    private const BrowserCapabilities Zstd = BrowserCapabilities.Zstd;
    private const int Loud = 16000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Tone_of_the_desktop_arrives_as_plain_samples_in_step_and_follows_the_desktops_volume()
    {
        await using var stage = await OpenAsync("sound", Zstd | BrowserCapabilities.AudioOut);
        Assert.True(stage.Browser.Welcome!.Allowed.HasFlag(Allowed.AudioOut));
        // Two seconds at full volume, two at a quarter; what a gateway that stands still for longer than a second loses may be as much again.
        Assert.True(await stage.Browser.UntilAsync(b => Samples(b) is { Length: > 44_100 * 2 } some && Left(some).TakeLast(10_000).Max() <= Loud / 4, Patience), stage.Said);
        lock (stage.Browser.Screen)
        {
            var format = Assert.Single(stage.Browser.Others, m => m[0] == (byte)ServerMessage.AudioFormat);
            Assert.Equal((0, 2, 44_100u), (format[2], format[3], BinaryPrimitives.ReadUInt32LittleEndian(format.AsSpan(4))));
            var samples = Samples(stage.Browser);
            var (left, right) = (Left(samples), samples.Where((_, i) => i % 2 == 1).ToArray());
            Assert.Equal((0, 0), (right.Min(), right.Max()));
            Assert.InRange(left.Take(44_100).Max(), Loud - 200, Loud);
            Assert.InRange(left.TakeLast(10_000).Max(), (Loud / 4) - 200, Loud / 4);
            // 441 Hz: a hundred samples a period.
            var rises = Enumerable.Range(1, 40_000).Count(i => left[i - 1] < 0 && left[i] >= 0);
            Assert.InRange(rises, 390, 410);
        }
        await stage.Browser.ByeAsync();
    }

    [Fact]
    public async Task Browser_that_did_not_say_it_plays_sound_gets_none()
    {
        await using var stage = await OpenAsync("sound", Zstd);
        Assert.False(await stage.Browser.UntilAsync(b => b.Others.Any(m => m[0] is (byte)ServerMessage.Audio or (byte)ServerMessage.AudioFormat), TimeSpan.FromSeconds(3)));
        await stage.Browser.ByeAsync();
    }

    [Fact]
    public async Task Pool_without_sound_offers_the_machine_no_channel_for_it()
    {
        await using var stage = await OpenAsync("sound", Zstd | BrowserCapabilities.AudioOut, new ChannelPolicy { AudioOut = false, AudioIn = false });
        Assert.Equal(Allowed.None, stage.Browser.Welcome!.Allowed & (Allowed.AudioOut | Allowed.Microphone));
        Assert.False(await stage.Browser.UntilAsync(b => b.Others.Any(m => m[0] is (byte)ServerMessage.Audio or (byte)ServerMessage.AudioFormat), TimeSpan.FromSeconds(3)));
        await stage.Browser.ByeAsync();
    }

    [Fact]
    public async Task Microphone_is_asked_for_when_a_program_listens_and_reaches_it_unchanged()
    {
        await using var stage = await OpenAsync("microphone", Zstd | BrowserCapabilities.Microphone);
        Assert.True(await stage.Browser.UntilAsync(b => b.Others.Any(m => m[0] == (byte)ServerMessage.MicrophoneWanted), Patience), stage.Said);
        var wanted = stage.Browser.Others.First(m => m[0] == (byte)ServerMessage.MicrophoneWanted);
        Assert.Equal((1, 1, 16_000u), (wanted[1], wanted[2], BinaryPrimitives.ReadUInt32LittleEndian(wanted.AsSpan(3))));
        var voice = new byte[70_000];
        for (var i = 0; i < voice.Length / 2; i++) BinaryPrimitives.WriteInt16LittleEndian(voice.AsSpan(2 * i), (short)(i * 7));
        for (var at = 0; at < voice.Length; at += 1000) await stage.Browser.SendAsync([(byte)BrowserMessage.MicrophoneAudio, .. voice[at..(at + 1000)]]);
        // The program stops listening when it has heard two seconds.
        Assert.True(await stage.Browser.UntilAsync(b => b.Others.Any(m => m[0] == (byte)ServerMessage.MicrophoneWanted && m[1] == 0), Patience), stage.Said);
        var heard = await File.ReadAllBytesAsync(stage.Server.Heard);
        Assert.True(heard.Length >= 64_000);
        Assert.Equal(voice[..64_000], heard[..64_000]);
        await stage.Browser.ByeAsync();
    }

    [Fact]
    public async Task Microphone_is_neither_asked_for_nor_passed_on_where_the_pool_forbids_it()
    {
        await using var stage = await OpenAsync("microphone", Zstd | BrowserCapabilities.Microphone, new ChannelPolicy { AudioIn = false });
        await stage.Browser.SendAsync([(byte)BrowserMessage.MicrophoneAudio, 1, 2, 3, 4]);
        Assert.False(await stage.Browser.UntilAsync(b => b.Others.Any(m => m[0] == (byte)ServerMessage.MicrophoneWanted), TimeSpan.FromSeconds(3)));
        Assert.Null(stage.Browser.Ended);
        await stage.Browser.ByeAsync();
    }

    private static short[] Samples(DesktopClient browser) =>
        [.. browser.Others.Where(m => m[0] == (byte)ServerMessage.Audio).SelectMany(m => MemoryMarshal.Cast<byte, short>(m.AsSpan(2)).ToArray())];

    private static short[] Left(short[] samples) => [.. samples.Where((_, i) => i % 2 == 0)];

    private static Task<ChannelStage> OpenAsync(string mode, BrowserCapabilities capabilities, ChannelPolicy? policy = null) =>
        ChannelStage.OpenAsync(mode, policy: policy, capabilities: capabilities);
}
