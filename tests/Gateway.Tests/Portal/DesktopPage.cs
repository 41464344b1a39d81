using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The page of a desktop as a test drives it.</summary>
internal sealed class DesktopPage(IPage page)
{
    public IPage Page => page;

    // The page counts a server as gone after seconds of silence, waits a moment for what is pasted, and takes back what it said after a while:
    // by this clock all of that takes longer, so that a process which stands still is not too late.
    private const string PatientClock = """
        {
          const now = performance.now.bind(performance), later = setTimeout, longer = { 150: 20_000, 6000: 20_000 };
          performance.now = () => now() / 10;
          window.setTimeout = (call, ms, ...more) => later(call, longer[ms] ?? ms, ...more);
        }
        """;

    /// <summary>What the browser itself complains about: a blocked style, a script error.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    public ILocator Screen => page.Locator("#screen");

    public ILocator Cover => page.Locator("#cover");

    public ILocator Menu => page.Locator("#menu");

    /// <summary>Signs Maria in and opens her desktop; does not wait for the picture.</summary>
    public static async Task<DesktopPage> OpenAsync(Browser browser, PortalRig rig, int width = 1280, int height = 800, bool touch = false, string language = "pt-PT", Action<IPage>? before = null, bool patient = true)
    {
        var desktop = new DesktopPage(await browser.OpenAsync(rig.Address, width, height, touch: touch, language: language));
        var page = desktop.Page;
        page.Console += (_, message) => { if (message.Type is "error" or "warning") desktop.Complaints.Enqueue(message.Text); };
        page.PageError += (_, error) => desktop.Complaints.Enqueue(error);
        before?.Invoke(page);
        if (patient) await page.AddInitScriptAsync(PatientClock);
        await page.GotoAsync("/sign-in");
        await page.Locator("#user").FillAsync("maria");
        await page.Locator("#password").FillAsync(FakeBroker.Password);
        await page.Locator(".fields .primary").ClickAsync();
        await page.Locator(".desktops").WaitForAsync();
        if (await page.Locator("html").GetAttributeAsync("lang") != language) await page.Locator("button[name=to]").ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", new Regex($"^{language[..2]}"));
        // Where fingers point, the browser is the button; with a mouse it is in the menu.
        if (!touch) await page.Locator(".desktop .more summary").First.ClickAsync();
        await page.Locator(touch ? ".desktop .primary.touch" : ".desktop .choice.mouse").First.ClickAsync();
        return desktop;
    }

    public async Task<DesktopPage> ConnectedAsync()
    {
        await Expect(Cover).ToBeHiddenAsync();
        await ShowsAsync(5, 5, "2266cc");
        return this;
    }

    /// <summary>Waits until a pixel of the desktop has this colour; a JPEG may be off by a little.</summary>
    public async Task ShowsAsync(int x, int y, string color, int off = 0)
    {
        var seen = "";
        var shown = await Eventually.IsTrueAsync(async () => Near(seen = await PixelAsync(x, y), color, off), TimeSpan.FromSeconds(90));
        Assert.True(shown, $"The pixel at {x},{y} is {seen}, not {color}. {string.Join(' ', Complaints)}");
    }

    /// <summary>The colour in the middle; empty while the picture is too small to have one.</summary>
    public async Task<string> MiddleAsync()
    {
        var size = await page.EvaluateAsync<int[]>("(e => [e.offsetWidth, e.offsetHeight])(document.getElementById('screen'))");
        return size[0] < 200 ? "" : await PixelAsync(size[0] / 2, size[1] / 2);
    }

    public Task<string> PixelAsync(int x, int y) => page.EvaluateAsync<string>(
        """
        ([x, y]) => {
          const c = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
          c.drawImage(document.getElementById('screen'), x, y, 1, 1, 0, 0, 1, 1);
          return [...c.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v.toString(16).padStart(2, '0')).join('');
        }
        """, new[] { x, y });

    public async Task OpenMenuAsync()
    {
        if (!await Menu.IsVisibleAsync()) await page.Locator("#menu-button").ClickAsync();
        await Expect(Menu).ToBeVisibleAsync();
    }

    private static bool Near(string seen, string wanted, int off) => Enumerable.Range(0, 3).All(i =>
        Math.Abs(Convert.ToInt32(seen.Substring(i * 2, 2), 16) - Convert.ToInt32(wanted.Substring(i * 2, 2), 16)) <= off);
}
