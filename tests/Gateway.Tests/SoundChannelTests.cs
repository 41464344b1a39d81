using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Channels;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>The same with a real xrdp session: its channel server asks for the smart card, for sound and for the microphone.</summary>
public sealed class SoundChannelTests(SoundMachine machine) : IClassFixture<SoundMachine>
{
    private const string Card = "Detected remote smartcard", Sound = "sound_process_training";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(false, true, false)]
    [InlineData(true, false, true)]
    public async Task Session_gets_card_sound_and_microphone_as_the_pool_says_and_works_in_any_case(bool card, bool sound, bool microphone)
    {
        machine.Require();
        var redeemer = new FakeRedeemer { Policy = new ChannelPolicy { SmartCards = card, AudioOut = sound, AudioIn = microphone } };
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();
        var before = machine.ChannelLog.Length;
        var client = screen.Connect(gateway.Address, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password), "+clipboard",
            "/smartcard", "/sound:sys:fake", "/microphone:sys:alsa,dev:null", "/log-filters:com.freerdp.channels.drdynvc.client:DEBUG");
        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor, Patience), client.Output + machine.Logs);

        // The clipboard comes up with the other channels: what it passes, the others could have passed before.
        var text = $"copied-{Guid.NewGuid()}";
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            await screen.CopyAsync(text);
            return (await machine.PasteAsync()).Contains(text, StringComparison.Ordinal);
        }, Patience), client.Output + machine.ChannelLog);

        Assert.True(await Eventually.IsTrueAsync(() => Said(Card) == card && Said(Sound) == sound, Patience), client.Output + machine.ChannelLog);
        // Without a sound channel xrdp offers its programs no microphone either.
        if (sound)
        {
            using var recording = await machine.RecordAsync();
            var asked = microphone ? "ChannelName=AUDIO_INPUT" : "ChannelName=~UDIO_INPUT";
            Assert.True(await Eventually.IsTrueAsync(() => client.Output.Contains(asked, StringComparison.Ordinal), Patience), client.Output + machine.ChannelLog);
        }
        Assert.Equal((card, sound), (Said(Card), Said(Sound)));
        Assert.False(client.HasExited, client.Output);

        bool Said(string words) => machine.ChannelLog[before..].Contains(words, StringComparison.Ordinal);
    }
}
