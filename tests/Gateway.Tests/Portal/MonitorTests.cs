using System.Buffers.Binary;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>Further monitors as windows of a real Chromium, in front of a fake desktop that speaks the documented format.</summary>
public sealed class MonitorTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS");
    private readonly PortalRig _rig = new();

    private FakeDesktop Fake => _rig.Desktop;

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Second_window_shows_its_part_types_and_points_there_and_gives_its_room_back_when_it_closes()
    {
        var desktop = await ConnectedAsync(monitors: 4);
        var second = await AddAsync(desktop);
        var wish = await WishAsync(monitors: 2);
        Assert.Equal((0, 0, 1280, 800), wish[0]);
        var (x, y, width, height) = wish[1];
        Assert.Equal((1280, 0), (x, y));

        await AnswerAsync(1280 + width, Math.Max(800, height), new DrawnFrame().Solid(0, 0, 1280, 800, 0x22, 0x66, 0xCC).Solid(1280, 0, (ushort)width, (ushort)height, 0xFF, 0xAA, 0));
        await second.ShowsAsync(5, 5, "ffaa00");
        await desktop.ShowsAsync(5, 5, "2266cc");
        Assert.Equal((width, height), await SizeAsync(second));
        await Expect(second.Cover).ToBeHiddenAsync();
        // Of the whole picture this page shows its own part.
        Assert.Equal($"inset(0px {width}px 0px 0px)", await desktop.Page.EvaluateAsync<string>("document.getElementById('screen').style.clipPath"));

        // Every kind of frame reaches the part that it touches, and only that.
        await Fake.AcknowledgedAsync(await Fake.DrawAsync(new DrawnFrame().Lossless(1250, 10, 60, 60, (_, _) => 0x00FF00, slot: 3)));
        await Fake.AcknowledgedAsync(await Fake.DrawAsync(new DrawnFrame().Cached(3, 1400, 300).Copy(1250, 10, 60, 60, 1500, 300)));
        await second.ShowsAsync(29, 20, "00ff00");
        await second.ShowsAsync(31, 20, "ffaa00");
        await second.ShowsAsync(130, 310, "00ff00");
        await second.ShowsAsync(230, 310, "00ff00");
        var first = await Fake.DrawAsync(new DrawnFrame().Solid(1300, 500, 50, 50, 1, 2, 200), more: true);
        await Fake.AcknowledgedAsync(first);
        Assert.Equal("ffaa00", await second.PixelAsync(30, 510));
        await Fake.AcknowledgedAsync(await Fake.DrawAsync(new DrawnFrame().Solid(0, 0, 50, 50, 200, 2, 3)));
        await second.ShowsAsync(30, 510, "0102c8");
        await ShotAsync(desktop, "monitor-first");
        await ShotAsync(second, "monitor-second");
        Assert.Empty((await second.Page.RunAxe()).Violations.Select(v => $"{v.Id}: {v.Help}"));

        Fake.Forget();
        await second.Page.Mouse.ClickAsync(100, 200);
        await Fake.NextAsync(0x85, m => At(m, 1) == 1280 + 100 && At(m, 3) == 200 && m[5] == 1);
        await second.Page.Keyboard.PressAsync("KeyA");
        Assert.Equal("+1e -1e", await Fake.KeysAsync(2));
        await second.Page.Mouse.WheelAsync(0, 100);
        await Fake.NextAsync(0x86, m => At(m, 1) == 1280 + 100 && At(m, 5) == 120);

        // What is dragged out of the first window arrives where the second one is on the screen.
        await second.Page.EvaluateAsync("Object.defineProperties(window, { screenX: { value: 3000 }, screenY: { value: 50 }, outerWidth: { get: () => innerWidth }, outerHeight: { get: () => innerHeight } })");
        await desktop.Page.EvaluateAsync(
            "document.getElementById('screen').dispatchEvent(new PointerEvent('pointermove', { pointerType: 'mouse', buttons: 1, clientX: 1400, clientY: 90, screenX: 3040, screenY: 80 }))");
        await Fake.NextAsync(0x85, m => At(m, 1) == 1280 + 40 && At(m, 3) == 30 && m[5] == 1);

        // The window goes with the click, and the driver may then wait for the click's end in a window that is gone.
        await second.Page.Locator("#close-monitor").ClickAsync(new() { Trial = true });
        await second.Page.EvaluateAsync("setTimeout(() => document.getElementById('close-monitor').click())");
        Assert.Equal([(0, 0, 1280, 800)], await WishAsync(monitors: 1));
        await AnswerAsync(1280, 800, new DrawnFrame().Solid(0, 0, 1280, 800, 0x22, 0x66, 0xCC));
        await desktop.ShowsAsync(1270, 790, "2266cc");
        Assert.Equal("", await desktop.Page.EvaluateAsync<string>("document.getElementById('screen').style.clipPath"));
        Assert.Empty(desktop.Complaints.Concat(second.Complaints));
    }

    [Fact]
    public async Task Windows_keep_their_place_over_a_lost_network_and_end_with_the_page()
    {
        var desktop = await ConnectedAsync(monitors: 4);
        var second = await AddAsync(desktop);
        var (_, _, width, height) = (await WishAsync(monitors: 2))[1];
        await AnswerAsync(1280 + width, Math.Max(800, height), new DrawnFrame().Solid(0, 0, 1280, 800, 1, 2, 3).Solid(1280, 0, (ushort)width, (ushort)height, 0xFF, 0xAA, 0));
        await second.ShowsAsync(5, 5, "ffaa00");

        Fake.IsUnreachable = true;
        Fake.Break();
        await Expect(second.Cover.GetByText("A ligar de novo…")).ToBeVisibleAsync();
        Fake.IsUnreachable = false;
        await Expect(second.Cover).ToBeHiddenAsync();
        // The new connection asks for the whole desktop at once, and the fake paints it.
        Assert.Equal((1280 + width, Math.Max(800, height)), (Fake.Size.Width, Fake.Size.Height));
        await second.ShowsAsync(5, 5, "2266cc");

        // A window that is loaded again gets its picture again.
        await second.Page.ReloadAsync();
        await second.ShowsAsync(5, 5, "2266cc");

        var closed = new TaskCompletionSource();
        second.Page.Close += (_, _) => closed.TrySetResult();
        await desktop.Page.CloseAsync();
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Window_that_the_browser_blocks_is_said_so()
    {
        var desktop = await ConnectedAsync(monitors: 4);
        await desktop.Page.EvaluateAsync("window.open = () => null");
        await desktop.OpenMenuAsync();
        await desktop.Page.Locator("#add-monitor").ClickAsync();
        await Expect(desktop.Page.Locator("#news").GetByText("O navegador não deixou abrir a janela.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Monitors_are_not_offered_where_the_pool_the_machine_or_a_phone_has_no_use_for_them()
    {
        var button = (DesktopPage d) => d.Page.Locator("#add-monitor");
        var machine = await ConnectedAsync(monitors: 0);
        await machine.OpenMenuAsync();
        await Expect(machine.Page.GetByText("O tamanho deste ambiente de trabalho não pode mudar")).ToBeVisibleAsync();
        await Expect(button(machine)).ToBeHiddenAsync();
        await Fake.SendAsync(0x18, w => { w.Write((byte)4); w.Write(33_554_432); });
        await Expect(button(machine)).ToBeVisibleAsync();
        await ShotAsync(machine, "monitor-menu");
        await machine.Page.Context.CloseAsync();

        Fake.Allowed = 255 & ~128u;
        var pool = await ConnectedAsync(monitors: 4);
        await pool.OpenMenuAsync();
        await Expect(pool.Page.Locator("#monitors")).ToBeHiddenAsync();
        await pool.Page.Context.CloseAsync();

        Fake.Allowed = 255;
        var phone = await ConnectedAsync(monitors: 4, 390, 844, touch: true);
        await phone.OpenMenuAsync();
        await Expect(phone.Page.Locator("#monitors")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Window_without_its_desktop_says_so()
    {
        var desktop = await ConnectedAsync(monitors: 4);
        await desktop.Page.GotoAsync("/desktop/monitor");
        await Expect(desktop.Page.GetByText("Esta janela pertence a um ambiente de trabalho que já não está aberto.")).ToBeVisibleAsync();
        await desktop.Page.SetViewportSizeAsync(390, 844);
        await ShotAsync(desktop, "monitor-alone-390");
    }

    private async Task<DesktopPage> ConnectedAsync(byte monitors, int width = 1280, int height = 800, bool touch = false)
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig, width, height, touch)).ConnectedAsync();
        await Fake.SendAsync(0x18, w => { w.Write(monitors); w.Write(33_554_432); });
        return desktop;
    }

    private static async Task<DesktopPage> AddAsync(DesktopPage desktop)
    {
        await desktop.OpenMenuAsync();
        return new DesktopPage(await desktop.Page.RunAndWaitForPopupAsync(() => desktop.Page.Locator("#add-monitor").ClickAsync()));
    }

    /// <summary>The next wish for so many monitors, as rectangles.</summary>
    private async Task<List<(int X, int Y, int W, int H)>> WishAsync(int monitors)
    {
        var m = await Fake.NextAsync(0x87, m => m.Length == 7 + ((monitors - 1) * 8));
        return [(0, 0, At(m, 1), At(m, 3)), .. Enumerable.Range(0, monitors - 1).Select(i => 7 + (i * 8)).Select(at => (At(m, at), At(m, at + 2), At(m, at + 4), At(m, at + 6)))];
    }

    private async Task AnswerAsync(int width, int height, DrawnFrame picture)
    {
        await Fake.SendAsync(0x03, w => { w.Write((ushort)width); w.Write((ushort)height); });
        await Fake.AcknowledgedAsync(await Fake.DrawAsync(picture));
    }

    private static async Task<(int Width, int Height)> SizeAsync(DesktopPage monitor)
    {
        var size = await monitor.Page.EvaluateAsync<int[]>("(e => [e.offsetWidth, e.offsetHeight])(document.getElementById('screen'))");
        return (size[0], size[1]);
    }

    private static int At(byte[] message, int at) => BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(at));

    private static async Task ShotAsync(DesktopPage desktop, string name)
    {
        if (Folder is not null) await desktop.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{name}.png") });
    }
}
