using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>H.264 of a real server reaches the browser as it was, and only a browser that can decode it.</summary>
public sealed class PassThroughTests(ShadowMachine machine) : IClassFixture<ShadowMachine>
{
    private const BrowserCapabilities Decodes = BrowserCapabilities.Zstd | BrowserCapabilities.Avc1;
    private const int Blue = 0x2266CC, Orange = 0xCC6622;
    private readonly FakeRedeemer _redeemer = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Video_passes_untouched_and_begins_with_a_key_picture_also_for_a_browser_that_comes_back(bool fullColour)
    {
        await using var gateway = await DesktopGateway.StartAsync(_redeemer, ("Gateway:Html5:FullColourVideo", $"{fullColour}"));
        await using var browser = await WatchAsync(gateway);
        AssertPlayable(browser.Screen);
        // Of full colour every second unit is for the decoder alone; without it every unit is a picture.
        Assert.Equal(fullColour, browser.Screen.Units.Any(u => u.Rects == 0));
        Assert.Contains(browser.Screen.Units, u => u.Rects > 0);
        browser.Cut();

        await using var back = gateway.Browser();
        await back.ConnectAsync(gateway.Socket, browser.Welcome!.ResumeToken, isResume: true, capabilities: Decodes);
        Assert.True(await back.UntilAsync(b => b.Screen.Units.Count >= 10, TimeSpan.FromSeconds(60)), Said(gateway, back));
        AssertPlayable(back.Screen);
        await back.ByeAsync();
    }

    [Fact]
    public async Task Viewer_that_joins_late_gets_video_that_begins_with_a_key_picture_too()
    {
        await using var gateway = await DesktopGateway.StartAsync(_redeemer);
        await using var browser = await WatchAsync(gateway);
        // The broker's word that somebody was allowed may come after their ticket.
        await using var viewer = await AssistAsync(gateway, Decodes);
        Assert.True(await viewer.UntilAsync(v => v.Screen.Units.Count >= 10, TimeSpan.FromMinutes(1)), Said(gateway, viewer));
        AssertPlayable(viewer.Screen);
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Viewer_that_cannot_decode_video_sees_it_all_the_same_and_video_passes_again_when_that_one_has_gone()
    {
        await using var gateway = await DesktopGateway.StartAsync(_redeemer);
        await using var browser = await WatchAsync(gateway);
        await using var viewer = await AssistAsync(gateway);
        foreach (var colour in new[] { Blue, Orange, Blue })
        {
            Assert.True(await viewer.UntilAsync(v => Near(v.Screen, colour), TimeSpan.FromMinutes(1)), Said(gateway, viewer));
            Assert.True(await browser.UntilAsync(b => Near(b.Screen, colour), TimeSpan.FromMinutes(1)), Said(gateway, browser));
        }
        Assert.Empty(viewer.Screen.Units);

        var passed = browser.Screen.Units.Count;
        await viewer.ByeAsync();
        Assert.True(await browser.UntilAsync(b => b.Screen.Units.Count >= passed + 10, TimeSpan.FromMinutes(1)), Said(gateway, browser));
        Assert.True(browser.Screen.Units[passed].IsKey);
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Browser_that_comes_back_without_its_decoder_gets_tiles()
    {
        await using var gateway = await DesktopGateway.StartAsync(_redeemer);
        await using var browser = await WatchAsync(gateway);
        browser.Cut();

        await using var back = gateway.Browser();
        await back.ConnectAsync(gateway.Socket, browser.Welcome!.ResumeToken, isResume: true);
        foreach (var colour in new[] { Blue, Orange }) Assert.True(await back.UntilAsync(b => Near(b.Screen, colour), TimeSpan.FromMinutes(1)), Said(gateway, back));
        Assert.Empty(back.Screen.Units);
        await back.ByeAsync();
    }

    /// <summary>H.264 has no exact colours.</summary>
    private static bool Near(DrawnScreen screen, int colour)
    {
        if (screen.Width != 1024) return false;
        var seen = screen.At(900, 700);
        return Math.Abs((seen >> 16) - (colour >> 16)) + Math.Abs((seen >> 8 & 0xFF) - (colour >> 8 & 0xFF)) + Math.Abs((seen & 0xFF) - (colour & 0xFF)) < 40;
    }

    [Fact]
    public async Task Browser_that_cannot_decode_video_gets_tiles_of_the_same_server()
    {
        machine.Require();
        await using var gateway = await DesktopGateway.StartAsync(_redeemer);
        await using var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, _redeemer.NewTicket(machine.Address, machine.CertificateSha256, ""));
        Assert.True(await browser.UntilAsync(b => b.Screen.Width == 1024 && b.Screen.At(900, 700) is 0x2266CC or 0xCC6622), Said(gateway, browser));
        Assert.Empty(browser.Screen.Units);
        await browser.ByeAsync();
    }

    /// <summary>A browser that decodes, with the video running.</summary>
    private async Task<DesktopClient> WatchAsync(DesktopGateway gateway)
    {
        machine.Require();
        var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, _redeemer.NewTicket(machine.Address, machine.CertificateSha256, ""), capabilities: Decodes);
        Assert.True(await browser.UntilAsync(b => b.Screen.Units.Count >= 10), Said(gateway, browser));
        return browser;
    }

    /// <summary>An administrator who looks at the one desktop that is open.</summary>
    private static async Task<DesktopClient> AssistAsync(DesktopGateway gateway, BrowserCapabilities capabilities = BrowserCapabilities.Zstd)
    {
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
        var viewer = new DesktopClient(("Origin", gateway.Origin));
        var ticket = gateway.Assistances.NewTicket(new() { AssistanceId = "one", ConnectionId = gateway.Connections.All.Single().ConnectionId, Who = "Rosa", Desktop = "balcao-01" });
        await viewer.ConnectAsync(gateway.AssistSocket, ticket, capabilities: capabilities, isAssistance: true);
        return viewer;
    }

    /// <summary>Annex B, and the first unit of each decoder can start it: it has SPS, PPS and an IDR slice.</summary>
    private static void AssertPlayable(DrawnScreen screen)
    {
        foreach (var units in screen.Units.GroupBy(u => u.Decoder))
        {
            var first = units.First();
            Assert.True(first.IsKey);
            Assert.Superset(new HashSet<int> { 5, 7, 8 }, Kinds(first.Unit));
            Assert.All(units, u => Assert.NotEmpty(Kinds(u.Unit)));
        }
    }

    private static HashSet<int> Kinds(byte[] unit)
    {
        var kinds = new HashSet<int>();
        for (var i = 0; i + 3 < unit.Length; i++)
            if (unit[i] == 0 && unit[i + 1] == 0 && unit[i + 2] == 1) kinds.Add(unit[i + 3] & 0x1F);
        return kinds;
    }

    private static string Said(DesktopGateway gateway, DesktopClient browser) =>
        $"ended {browser.Ended}, welcome {browser.Welcome}, {browser.Frames} frames, {browser.Screen.Units.Count} units\n" + string.Join('\n', gateway.Log.Lines.Select(l => l.Text));
}
