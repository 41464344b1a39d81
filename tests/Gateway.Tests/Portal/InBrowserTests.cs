using System.Buffers.Binary;
using System.Text;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The desktop's page in a real Chromium, in front of a fake desktop that speaks the documented format.</summary>
public sealed class InBrowserTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private readonly PortalRig _rig = new();

    private FakeDesktop Fake => _rig.Desktop;

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Page_waits_with_place_and_estimate_then_connects_by_itself_and_the_ticket_is_in_no_address()
    {
        _rig.Broker.MachineIsReady = FakeBroker.Pending();
        var desktop = await DesktopPage.OpenAsync(browser, _rig);
        var addresses = new System.Collections.Concurrent.ConcurrentQueue<string>();
        desktop.Page.Request += (_, request) => addresses.Enqueue(request.Url);
        await Expect(desktop.Cover.GetByText("Está no 3.º lugar da fila.")).ToBeVisibleAsync();
        await Expect(desktop.Cover.GetByText("Tempo estimado: cerca de 3 minutos.")).ToBeVisibleAsync();
        await Expect(desktop.Cover.GetByText("POOL_FULL")).ToBeVisibleAsync();
        _rig.Broker.MachineIsReady.SetResult();
        await desktop.ConnectedAsync();
        await Fake.AcknowledgedAsync(1);

        var ticket = Assert.Single(_rig.Broker.Tickets);
        Assert.Equal((false, ticket), Assert.Single(Fake.Hellos));
        Assert.Equal((1280, 800), (Fake.Size.Width, Fake.Size.Height));
        Assert.All(addresses.Concat(Fake.Addresses).Append(desktop.Page.Url), address => Assert.DoesNotContain(ticket, address, StringComparison.Ordinal));
        Assert.DoesNotContain(_rig.Log, line => line.Contains(ticket, StringComparison.Ordinal));
        Assert.Empty(desktop.Complaints);
    }

    [Fact]
    public async Task Every_op_draws_what_the_format_says()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        var jpeg = Convert.FromBase64String(await desktop.Page.EvaluateAsync<string>(
            """
            () => { const c = Object.assign(document.createElement('canvas'), { width: 64, height: 64 }); const g = c.getContext('2d');
                    g.fillStyle = '#c08040'; g.fillRect(0, 0, 64, 64); return c.toDataURL('image/jpeg', .95).split(',')[1]; }
            """));
        var id = await Fake.DrawAsync(new DrawnFrame()
            .Lossless(0, 0, 64, 64, (x, y) => x < 32 ? 0xFF0000 : y < 32 ? 0x00FF00 : 0x010203, slot: 7)
            .Solid(100, 0, 50, 50, 255, 255, 0)
            .Cached(7, 200, 100)
            .Copy(200, 100, 64, 64, 232, 100)              // overlaps itself, as through a buffer
            .Jpeg(400, 300, 64, 64, jpeg, slot: 8)
            .Cached(8, 500, 300)
            .Lossless(600, 0, 300, 200, (x, y) => ((x & 0xFF) << 16) | ((y & 0xFF) << 8) | 0x55));
        await Fake.AcknowledgedAsync(id);
        await desktop.ShowsAsync(10, 10, "ff0000");
        await desktop.ShowsAsync(40, 10, "00ff00");
        await desktop.ShowsAsync(40, 40, "010203");
        await desktop.ShowsAsync(120, 20, "ffff00");
        await desktop.ShowsAsync(210, 110, "ff0000");
        await desktop.ShowsAsync(235, 110, "ff0000");
        await desktop.ShowsAsync(270, 110, "00ff00");
        await desktop.ShowsAsync(430, 330, "c08040", off: 6);
        await desktop.ShowsAsync(530, 330, "c08040", off: 6);
        await desktop.ShowsAsync(777, 133, "b18555");
        await desktop.ShowsAsync(1000, 700, "2266cc");
    }

    [Fact]
    public async Task Picture_of_several_frames_is_shown_as_one_and_each_is_acknowledged()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        var first = await Fake.DrawAsync(new DrawnFrame().Solid(0, 0, 600, 400, 1, 200, 3), more: true);
        await Fake.AcknowledgedAsync(first);
        Assert.Equal("2266cc", await desktop.PixelAsync(50, 50));
        await Fake.AcknowledgedAsync(await Fake.DrawAsync(new DrawnFrame().Solid(600, 0, 100, 400, 200, 2, 3)));
        await desktop.ShowsAsync(50, 50, "01c803");
        await desktop.ShowsAsync(650, 50, "c80203");
    }

    [Fact]
    public async Task Video_units_are_decoded_and_only_their_rectangles_are_drawn()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await Fake.AcknowledgedAsync(await Fake.DrawAsync(new DrawnFrame().H264(1, true, 100, 100, 128, 64, [(100, 100, 64, 64)], VideoSample.RedKeyUnit)));
        await desktop.ShowsAsync(130, 130, "ff0000", off: 16);
        await desktop.ShowsAsync(200, 130, "2266cc");
        await Fake.AcknowledgedAsync(await Fake.DrawAsync(new DrawnFrame()
            .H264(1, false, 100, 100, 128, 64, [(164, 100, 64, 32)], VideoSample.GreenDeltaUnit)
            .Solid(200, 100, 4, 4, 9, 9, 9)));
        await desktop.ShowsAsync(180, 110, "00ff00", off: 16);
        await desktop.ShowsAsync(202, 102, "090909");
        await desktop.ShowsAsync(130, 130, "ff0000", off: 16);
        await desktop.ShowsAsync(180, 150, "2266cc");
    }

    [Fact]
    public async Task Keys_go_by_place_and_the_way_out_of_the_desktop_is_a_key_too()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        var keys = desktop.Page.Keyboard;
        await keys.PressAsync("a");
        Assert.Equal("+1e -1e", await Fake.KeysAsync(2));
        await keys.PressAsync("Shift+ArrowUp");
        Assert.Equal("+2a +e048 -e048 -2a", await Fake.KeysAsync(4));
        await keys.PressAsync("F5");
        Assert.Equal("+3f -3f", await Fake.KeysAsync(2));
        await keys.PressAsync("Tab");
        Assert.Equal("+0f -0f", await Fake.KeysAsync(2));

        await keys.DownAsync("Control");
        await keys.DownAsync("Alt");
        Assert.Equal("+1d +38", await Fake.KeysAsync(2));
        await keys.PressAsync("Home");
        await Expect(desktop.Menu).ToBeVisibleAsync();
        Assert.Equal("-1d -38", await Fake.KeysAsync(2));
        await keys.UpAsync("Alt");
        await keys.UpAsync("Control");
        await Expect(desktop.Page.Locator("#menu-close")).ToBeFocusedAsync();
        await keys.PressAsync("Escape");
        await Expect(desktop.Menu).ToBeHiddenAsync();
        await Expect(desktop.Screen).ToBeFocusedAsync();

        await desktop.OpenMenuAsync();
        await desktop.Menu.GetByRole(AriaRole.Button, new() { Name = "Ctrl+Alt+Del" }).ClickAsync();
        Assert.Equal("+1d +38 +e053 -e053 -38 -1d", await Fake.KeysAsync(6));
        Assert.Empty(desktop.Complaints);
    }

    [Fact]
    public async Task Key_that_is_down_when_the_window_is_left_is_released()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.Page.Keyboard.DownAsync("Shift");
        Assert.Equal("+2a", await Fake.KeysAsync(1));
        await desktop.Page.EvaluateAsync("window.dispatchEvent(new Event('blur'))");
        Assert.Equal("-2a", await Fake.KeysAsync(1));
        Assert.Equal(0, (await Fake.NextAsync(0x92))[1]);
    }

    [Fact]
    public async Task Mouse_wheel_and_buttons_arrive_where_they_are()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        var mouse = desktop.Page.Mouse;
        await mouse.MoveAsync(300, 200);
        await mouse.DownAsync();
        await mouse.MoveAsync(310, 220);
        await mouse.UpAsync();
        await Mouse(300, 200, 0);
        await Mouse(300, 200, 1);
        await Mouse(310, 220, 1);
        await Mouse(310, 220, 0);
        await mouse.ClickAsync(400, 250, new() { Button = MouseButton.Right });
        await Mouse(400, 250, 2);
        await mouse.WheelAsync(0, 100);
        var wheel = await Fake.NextAsync(0x86);
        Assert.Equal((400, 250, 120, 0), (U16(wheel, 1), U16(wheel, 3), I16(wheel, 5), I16(wheel, 7)));
    }

    [Fact]
    public async Task Pointer_of_the_desktop_becomes_the_browsers_cursor()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await Fake.SendAsync(0x04, w => { foreach (var v in (ushort[])[8, 8, 3, 4]) w.Write(v); w.Write(Enumerable.Repeat((byte)200, 8 * 8 * 4).ToArray()); });
        Assert.True(await Eventually.IsTrueAsync(async () => (await CursorAsync(desktop)).Contains("data:image/png", StringComparison.Ordinal) && (await CursorAsync(desktop)).Contains(") 3 4", StringComparison.Ordinal), TimeSpan.FromSeconds(60)), await CursorAsync(desktop));
        await Fake.SendAsync(0x05, _ => { });
        Assert.True(await Eventually.IsTrueAsync(async () => await CursorAsync(desktop) == "none", TimeSpan.FromSeconds(60)));
        Assert.Empty(desktop.Complaints);
    }

    [Fact]
    public async Task Desktop_takes_the_new_size_of_the_window()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await desktop.Page.SetViewportSizeAsync(1001, 701);
        var asked = await Fake.NextAsync(0x87);
        Assert.Equal((1000, 701, 100), (U16(asked, 1), U16(asked, 3), U16(asked, 5)));
        await Fake.SendAsync(0x03, w => { w.Write((ushort)1000); w.Write((ushort)701); });
        await Fake.DrawAsync(new DrawnFrame().Solid(0, 0, 1000, 701, 10, 20, 30));
        await desktop.ShowsAsync(999, 700, "0a141e");
        Assert.Equal("1000 701", await desktop.Page.EvaluateAsync<string>("(e => `${e.offsetWidth} ${e.offsetHeight}`)(document.getElementById('screen'))"));
    }

    [Fact]
    public async Task Quality_is_said_in_words()
    {
        var desktop = await (await DesktopPage.OpenAsync(browser, _rig)).ConnectedAsync();
        await Fake.SendAsync(0x13, w => { w.Write((ushort)140); w.Write((byte)25); w.Write((ushort)900); w.Write((byte)2); });
        await desktop.OpenMenuAsync();
        await Expect(desktop.Page.Locator("#quality-word")).ToHaveTextAsync("Razoável");
        await Expect(desktop.Page.Locator("#quality-frames")).ToHaveTextAsync("25");
        await Expect(desktop.Page.Locator("#quality-rate")).ToHaveTextAsync("900 kB/s");
        await Expect(desktop.Page.Locator("#quality-trip")).ToContainTextAsync("ms");
    }

    private async Task Mouse(int x, int y, int buttons) =>
        await Fake.NextAsync(0x85, m => U16(m, 1) == x && U16(m, 3) == y && m[5] == buttons);

    private static Task<string> CursorAsync(DesktopPage desktop) => desktop.Page.EvaluateAsync<string>("document.getElementById('screen').style.cursor");

    private static int U16(byte[] m, int at) => BinaryPrimitives.ReadUInt16LittleEndian(m.AsSpan(at));

    private static int I16(byte[] m, int at) => BinaryPrimitives.ReadInt16LittleEndian(m.AsSpan(at));
}
