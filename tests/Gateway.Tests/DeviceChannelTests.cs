using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Channels;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>A pool's policy for devices tried out: a real xfreerdp offers all it can to a real RDP server that takes all it gets.</summary>
public sealed class DeviceChannelTests(DeviceServer machine) : IClassFixture<DeviceServer>, IAsyncLifetime
{
    private const string Drive = "drive pasta", Document = "file um documento", Printer = "printer PRN1", Card = "smartcard SCARD";
    private const string Usb = "URBDRC", Microphone = "AUDIO_INPUT", Sound = "AUDIO_PLAYBACK_DVC";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string[] Devices = [Drive, Document, Printer, Card];
    private readonly string _folder = Directory.CreateTempSubdirectory("offered-").FullName;
    private OwnProcess? _server;

    public async ValueTask InitializeAsync() => await File.WriteAllTextAsync(Path.Combine(_folder, "offered.txt"), "um documento\n");

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public Task Everything_reaches_the_machine_of_a_pool_that_blocks_nothing() => TryAsync(ChannelPolicy.Everything);

    [Fact]
    public Task Blocked_drives_hide_folders_and_nothing_else() => TryAsync(new() { Drives = false }, Drive, Document);

    [Fact]
    public Task Blocked_printers_are_not_there_and_all_else_is() => TryAsync(new() { Printers = false }, Printer);

    [Fact]
    public Task Blocked_smart_cards_are_not_there_and_all_else_is() => TryAsync(new() { SmartCards = false }, Card);

    [Fact]
    public Task Drives_printers_and_cards_together_leave_the_machine_without_their_channel() =>
        TryAsync(new() { Drives = false, Printers = false, SmartCards = false }, [.. Devices, "joined rdpdr"]);

    [Fact]
    public Task Blocked_USB_is_refused_when_the_machine_opens_its_channel() => TryAsync(new() { Usb = false }, Opened(Usb));

    [Fact]
    public Task Blocked_microphone_is_refused_when_the_machine_opens_its_channel() => TryAsync(new() { AudioIn = false }, Opened(Microphone));

    [Fact]
    public Task Blocked_sound_has_neither_of_its_channels() => TryAsync(new() { AudioOut = false }, "joined rdpsnd", Opened(Sound));

    [Fact]
    public Task Clipboard_that_is_blocked_both_ways_has_no_channel() => TryAsync(new() { ClipboardToDesktop = false, ClipboardFromDesktop = false }, "joined cliprdr");

    [Fact]
    public Task Nothing_passes_where_everything_is_blocked_and_the_connection_stays() => TryAsync(new()
    {
        ClipboardToDesktop = false, ClipboardFromDesktop = false, Drives = false, Printers = false, Usb = false, SmartCards = false, AudioOut = false, AudioIn = false,
    }, [.. Devices, "joined cliprdr", "joined rdpdr", "joined rdpsnd", Opened(Usb), Opened(Microphone), Opened(Sound)]);

    /// <summary>Connects with everything offered, and waits until each thing has come or been refused, as the policy says.</summary>
    private async Task TryAsync(ChannelPolicy policy, params string[] blocked)
    {
        machine.Require();
        var redeemer = new FakeRedeemer { Policy = policy };
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();
        (_server, var address) = await machine.StartAsync();
        var client = screen.Connect(gateway.Address, redeemer.NewTicket(address, machine.CertificateSha256), "+clipboard",
            $"/drive:pasta,{_folder}", "/printer:impressora,PostScript", "/smartcard", "/sound:sys:fake", "/microphone:sys:alsa,dev:null", "/usb:id,dev:1234:5678");

        string[] all = [.. Devices, "joined cliprdr", "joined rdpdr", "joined rdpsnd", Opened(Usb), Opened(Microphone), Opened(Sound)];
        // A card is announced before the person is signed in and again after it, then last of all devices.
        string[] expected = [.. all.Except(blocked), .. blocked.Select(Refusal).OfType<string>()];
        var cards = blocked.Contains(Card) ? 0 : 2;
        Assert.True(await Eventually.IsTrueAsync(() => Lines() is var lines && expected.All(lines.Contains) && lines.Count(l => l == Card) == cards, Patience),
            $"Expected: {string.Join(", ", expected)}\n{_server.Output}\n{client.Output}");
        Assert.Empty(Lines().Intersect(blocked));
        Assert.False(client.HasExited, client.Output);
        Assert.False(_server.HasExited, _server.Output);
    }

    private static string Opened(string channel) => "opened " + channel;

    // A device that is hidden is not refused: there is no line for it.
    private static string? Refusal(string blocked) => blocked.Split(' ') switch
    {
        ["opened", var channel] => "refused " + channel,
        ["joined", var channel] => "without " + channel,
        _ => null,
    };

    private string[] Lines() => [.. _server!.Output.Split('\n').Select(l => l.Trim())];
}
