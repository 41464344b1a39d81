using System.Diagnostics;
using Microsoft.Playwright;
using Montalegre.Vdi.Gateway.Tests.Html5;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>A real Chromium on the portal's page, the real socket, a real worker in its sandbox and a real xrdp; only the broker is a fake.</summary>
public sealed class RealDesktopTests(Browser browser, TypingMachine machine) : IClassFixture<Browser>, IClassFixture<TypingMachine>, IAsyncLifetime
{
    private const string Blue = "2266cc", Green = "00cd00", Red = "cd0000";
    private static readonly string? Folder = Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS");
    private RealDoor _door = null!;

    private PortalRig Rig => _door.Rig;

    public async ValueTask InitializeAsync()
    {
        machine.Require();
        _door = await RealDoor.OpenAsync(tickets => tickets.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password));
    }

    public async ValueTask DisposeAsync()
    {
        if (_door is not null) await _door.DisposeAsync();
    }

    [Fact]
    public async Task Person_sees_the_desktop_types_into_it_and_finds_it_as_it_was_after_the_network_broke()
    {
        var desktop = await DesktopPage.OpenAsync(browser, Rig);
        await SeesAsync(desktop, Blue, Green, Red);
        await ShotAsync(desktop, "real-1280-1");
        await TypeUntilAsync(desktop, "g", Green);
        await TypeUntilAsync(desktop, "x", Red);
        await TypeUntilAsync(desktop, "g", Green);

        await desktop.Page.SetViewportSizeAsync(1100, 700);
        Assert.True(await Eventually.IsTrueAsync(async () => await desktop.Page.EvaluateAsync<int>("document.getElementById('screen').offsetWidth") == 1100, TimeSpan.FromSeconds(60)), "The screen did not take the window's size.");

        // The browser's own network goes and comes back.
        await desktop.Page.Context.SetOfflineAsync(true);
        await Expect(desktop.Cover.GetByText("A sua sessão continua aberta.")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await desktop.Page.Context.SetOfflineAsync(false);
        var from = Stopwatch.GetTimestamp();
        await Expect(desktop.Cover).ToBeHiddenAsync(new() { Timeout = 60_000 });
        var took = Stopwatch.GetElapsedTime(from);
        TestContext.Current.SendDiagnosticMessage($"Back after {took.TotalSeconds:0.0} s.");
        await TypeUntilAsync(desktop, "x", Red);
        Assert.Single(Rig.Broker.Tickets);
        Assert.DoesNotContain(desktop.Complaints, c => !c.Contains("ERR_INTERNET_DISCONNECTED", StringComparison.Ordinal) && !c.Contains("WebSocket", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Phone_shows_the_whole_desktop_and_its_keyboard_types_into_it()
    {
        var desktop = await DesktopPage.OpenAsync(browser, Rig, 390, 844, touch: true);
        await SeesAsync(desktop, Blue, Green, Red);
        await desktop.Page.Locator("#keyboard-button").TapAsync();
        await Expect(desktop.Page.Locator("#typing")).ToBeFocusedAsync();
        var seen = "";
        for (var attempt = 0; attempt < 45 && seen != Green; attempt++)
        {
            await desktop.Page.Keyboard.InsertTextAsync("g");
            await Eventually.IsTrueAsync(async () => (seen = await desktop.MiddleAsync()) == Green, TimeSpan.FromSeconds(2));
        }
        Assert.True(seen == Green, $"The middle is {seen}. {machine.Logs}");
        await ShotAsync(desktop, "real-390-1");
    }

    [Fact]
    public async Task Text_copied_here_is_pasted_there_and_what_is_copied_there_arrives_here()
    {
        var desktop = await DesktopPage.OpenAsync(browser, Rig);
        await SeesAsync(desktop, Blue, Green, Red);
        await desktop.Page.EvaluateAsync("navigator.clipboard.writeText('olá, Montalegre ç€')");
        await desktop.OpenMenuAsync();
        // The desktop's own clipboard program takes what came in, puts a word before it and copies it out again.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            await desktop.Page.Locator("#paste-here").ClickAsync();
            return await Eventually.IsTrueAsync(async () => await desktop.Page.EvaluateAsync<string>("navigator.clipboard.readText()") == "de volta: olá, Montalegre ç€", TimeSpan.FromSeconds(3));
        }, TimeSpan.FromMinutes(2)), machine.Logs);
    }

    [Fact]
    public async Task Second_monitor_shows_and_hears_another_part_of_the_same_desktop_and_gives_it_back()
    {
        var desktop = await DesktopPage.OpenAsync(browser, Rig);
        await SeesAsync(desktop, Blue, Green, Red);
        await desktop.OpenMenuAsync();
        var second = new DesktopPage(await desktop.Page.RunAndWaitForPopupAsync(() => desktop.Page.Locator("#add-monitor").ClickAsync()));
        await Expect(second.Cover).ToBeHiddenAsync(new() { Timeout = 60_000 });
        var size = await second.Page.EvaluateAsync<int[]>("(e => [e.offsetWidth, e.offsetHeight])(document.getElementById('screen'))");
        var wanted = $"{1280 + size[0]}x{Math.Max(800, size[1])}";
        Assert.True(await Eventually.IsTrueAsync(async () => await SizeInSessionAsync() == wanted, TimeSpan.FromSeconds(60)), $"{await SizeInSessionAsync()}, not {wanted}");

        // A white window in the second monitor's part alone writes down what it hears.
        await machine.InSessionAsync("rm -f monitor; (stdbuf -oL xev -geometry 400x300+1480+200 -event keyboard -event button > monitor 2>&1 & echo $! > xev)");
        await second.ShowsAsync(500, 450, "ffffff");
        await ShotAsync(desktop, "real-monitor-first");
        await ShotAsync(second, "real-monitor-second");
        await second.Page.Mouse.ClickAsync(510, 460);
        await second.Page.Keyboard.PressAsync("m");
        var heard = "";
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            heard = await machine.InSessionAsync("cat monitor");
            return heard.Contains("root:(1790,460)", StringComparison.Ordinal) && heard.Contains("ButtonPress", StringComparison.Ordinal) && heard.Contains("keysym 0x6d, m", StringComparison.Ordinal);
        }, TimeSpan.FromSeconds(60)), heard);
        await machine.InSessionAsync("kill $(cat xev)");
        await TypeUntilAsync(desktop, "g", Green);
        await second.ShowsAsync(500, 450, Green);

        await second.Page.SetViewportSizeAsync(1000, 700);
        Assert.True(await Eventually.IsTrueAsync(async () => await SizeInSessionAsync() == "2280x800", TimeSpan.FromSeconds(60)), await SizeInSessionAsync());
        await second.ShowsAsync(990, 690, Green);
        await second.Page.CloseAsync();
        Assert.True(await Eventually.IsTrueAsync(async () => await SizeInSessionAsync() == "1280x800", TimeSpan.FromSeconds(60)), await SizeInSessionAsync());
        Assert.Empty(desktop.Complaints.Concat(second.Complaints));
    }

    /// <summary>The whole desktop's size, as its X server has it.</summary>
    private async Task<string> SizeInSessionAsync() => (await machine.InSessionAsync("xwininfo -root | sed -n 's/.*-geometry \\([0-9]*x[0-9]*\\).*/\\1/p'")).Trim();

    private async Task SeesAsync(DesktopPage desktop, params string[] any)
    {
        var seen = "";
        Assert.True(await Eventually.IsTrueAsync(async () => Array.IndexOf(any, seen = await desktop.MiddleAsync()) >= 0, TimeSpan.FromSeconds(120)),
            $"The middle is {seen}. {await desktop.Cover.InnerTextAsync()} {string.Join(' ', desktop.Complaints)}\n{string.Join('\n', Rig.Log.Where(l => l.Contains("Montalegre", StringComparison.Ordinal) || l.StartsWith("Warning", StringComparison.Ordinal)).TakeLast(30))}\n{machine.Logs}");
    }

    /// <summary>Types until it is seen: a terminal that has just started may miss a first key.</summary>
    private async Task TypeUntilAsync(DesktopPage desktop, string key, string color)
    {
        var seen = "";
        for (var attempt = 0; attempt < 45; attempt++)
        {
            await desktop.Page.Mouse.MoveAsync(300, 300);
            await desktop.Page.Keyboard.PressAsync(key);
            if (await Eventually.IsTrueAsync(async () => (seen = await desktop.MiddleAsync()) == color, TimeSpan.FromSeconds(2))) return;
        }
        Assert.Fail($"After {key} the middle is {seen}, not {color}. {machine.Logs}");
    }

    private static async Task ShotAsync(DesktopPage desktop, string name)
    {
        if (Folder is not null) await desktop.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{name}.png") });
    }
}
