using System.Buffers.Binary;
using System.Text;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The desktop on a phone: fingers, the phone's keyboard and the special keys; fake desktop, real Chromium with touch.</summary>
public sealed class InBrowserTouchTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private readonly PortalRig _rig = new();
    private ICDPSession _touch = null!;

    private FakeDesktop Fake => _rig.Desktop;

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Fingers_click_drag_scroll_and_zoom()
    {
        var desktop = await OpenAsync();
        Assert.True(Fake.Size is { Width: >= 640, Height: > 1200 }, $"The phone asked for {Fake.Size}.");
        var k = Fake.Size.Width / 390.0;

        await FingersAsync("touchStart", (100, 200));
        await FingersAsync("touchEnd");
        await ButtonsAsync(100 * k, 200 * k, 1);
        await ButtonsAsync(100 * k, 200 * k, 0);

        await desktop.Page.EvaluateAsync("window.rests = true");
        await FingersAsync("touchStart", (150, 300));
        await Fake.NextAsync(0x91);                       // pings pass while the finger rests
        // The page's own clock says when the finger has rested for long enough.
        await desktop.Page.EvaluateAsync("new Promise(done => setTimeout(done, 700))");
        await FingersAsync("touchEnd");
        await ButtonsAsync(150 * k, 300 * k, 2);
        await desktop.Page.EvaluateAsync("window.rests = false");

        await FingersAsync("touchStart", (100, 100));
        await FingersAsync("touchMove", (200, 100));
        await FingersAsync("touchEnd");
        await ButtonsAsync(100 * k, 100 * k, 1);
        await ButtonsAsync(200 * k, 100 * k, 1);
        await ButtonsAsync(200 * k, 100 * k, 0);

        await FingersAsync("touchStart", (100, 400), (180, 400));
        await FingersAsync("touchMove", (100, 370), (180, 370));
        await FingersAsync("touchMove", (100, 300), (180, 300));
        await FingersAsync("touchEnd");
        var wheel = await Fake.NextAsync(0x86);
        Assert.True(BinaryPrimitives.ReadInt16LittleEndian(wheel.AsSpan(5)) > 0);

        var before = await WidthAsync(desktop);
        await FingersAsync("touchStart", (180, 400), (210, 400));
        await FingersAsync("touchMove", (150, 400), (240, 400));
        await FingersAsync("touchMove", (100, 400), (290, 400));
        await FingersAsync("touchEnd");
        Assert.True(await Eventually.IsTrueAsync(async () => await WidthAsync(desktop) > before * 1.8, TimeSpan.FromSeconds(60)));
        Assert.Empty(desktop.Complaints);
    }

    [Fact]
    public async Task Phone_keyboard_types_words_and_corrections_and_the_bar_gives_the_missing_keys()
    {
        Fake.Allowed |= 512;
        var desktop = await OpenAsync();
        var page = desktop.Page;
        await page.Locator("#keyboard-button").TapAsync();
        await Expect(page.Locator("#typing")).ToBeFocusedAsync();
        await Expect(page.Locator("#keys")).ToBeVisibleAsync();

        await page.Keyboard.InsertTextAsync("olá 日本");
        Assert.Equal("olá 日本", Encoding.UTF8.GetString((await Fake.NextAsync(0x84)).AsSpan(1)));
        // A correction as a phone makes it: the field's text changes behind the last word.
        await page.EvaluateAsync("(f => { f.value = f.value.slice(0, -2) + 'x'; f.dispatchEvent(new Event('input')); })(document.getElementById('typing'))");
        Assert.Equal("+0e -0e +0e -0e", await Fake.KeysAsync(4));
        Assert.Equal("x", Encoding.UTF8.GetString((await Fake.NextAsync(0x84)).AsSpan(1)));

        await page.Locator("#keys button", new() { HasText = "Ctrl" }).First.TapAsync();
        await page.Keyboard.InsertTextAsync("c");
        Assert.Equal("+1d +2e -2e -1d", await Fake.KeysAsync(4));
        await page.Locator("#keys button", new() { HasText = "Esc" }).TapAsync();
        Assert.Equal("+01 -01", await Fake.KeysAsync(2));
        await page.Locator("#keys button", new() { HasText = "F12" }).TapAsync();
        Assert.Equal("+58 -58", await Fake.KeysAsync(2));
        await Expect(page.Locator("#typing")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Characters_the_desktop_cannot_take_as_keys_are_pasted()
    {
        var desktop = await OpenAsync();
        await desktop.Page.Locator("#keyboard-button").TapAsync();
        await desktop.Page.Keyboard.InsertTextAsync("é");
        Assert.Equal("\u0001é", Encoding.UTF8.GetString((await Fake.NextAsync(0x89)).AsSpan(1)));
        Assert.Equal("+1d +2f -2f -1d", await Fake.KeysAsync(4));
    }

    private async Task<DesktopPage> OpenAsync()
    {
        var desktop = await DesktopPage.OpenAsync(browser, _rig, 390, 844, touch: true);
        _touch = await desktop.Page.Context.NewCDPSessionAsync(desktop.Page);
        await desktop.ConnectedAsync();
        // A finger rests only where a test means it to, and not because a process stands still between its down and its up.
        await desktop.Page.EvaluateAsync("() => { const later = setTimeout; window.setTimeout = (call, ms, ...more) => later(call, ms === 500 && !window.rests ? 60_000 : ms, ...more); }");
        return desktop;
    }

    private Task FingersAsync(string type, params (int X, int Y)[] fingers) => _touch.SendAsync("Input.dispatchTouchEvent", new Dictionary<string, object>
    {
        ["type"] = type,
        ["touchPoints"] = fingers.Select((f, i) => new Dictionary<string, object> { ["x"] = f.X, ["y"] = f.Y, ["id"] = i }).ToArray(),
    });

    private async Task ButtonsAsync(double x, double y, int buttons) => await Fake.NextAsync(0x85, m =>
        Math.Abs(BinaryPrimitives.ReadUInt16LittleEndian(m.AsSpan(1)) - x) <= 2 && Math.Abs(BinaryPrimitives.ReadUInt16LittleEndian(m.AsSpan(3)) - y) <= 2 && m[5] == buttons);

    private static Task<double> WidthAsync(DesktopPage desktop) => desktop.Page.EvaluateAsync<double>("document.getElementById('screen').getBoundingClientRect().width");
}
