using Microsoft.Playwright;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>The desktop in a real Chromium, opened from the portal as a person does it.</summary>
internal sealed class BrowserDesktop(IPage page, bool touch)
{
    public IPage Page => page;

    /// <summary>Signs in at the portal and opens the desktop there; its ticket never leaves the page.</summary>
    public static async Task<BrowserDesktop> OpenAsync(IBrowser chromium, DemonstrationStack stack, int width, int height, bool touch)
    {
        var context = await chromium.NewContextAsync(new()
        {
            BaseURL = stack.PortalUrl, IgnoreHTTPSErrors = true, HasTouch = touch, ViewportSize = new() { Width = width, Height = height },
            // Playwright presses the keys of an American keyboard, and the desktop gets the layout of the browser's language.
            Locale = "en-US",
        });
        context.SetDefaultTimeout(120_000);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/sign-in");
        await page.Locator("#user").FillAsync(stack.UserName);
        await page.Locator("#password").FillAsync(stack.Password);
        await page.Locator(".fields .primary").ClickAsync();
        // Where fingers point, the browser is the button; with a mouse it is in the menu.
        if (!touch) await page.Locator(".desktop .more summary").First.ClickAsync();
        await page.Locator(touch ? ".desktop .primary.touch" : ".desktop .choice.mouse").First.ClickAsync();
        await page.Locator("#screen").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return new(page, touch);
    }

    /// <summary>What the page says instead of a desktop, for the message of a test that failed.</summary>
    public Task<string> CoverAsync() => page.Locator("#cover").InnerTextAsync();

    /// <summary>Waits for a colour between the terminal and the task bar, as #RRGGBB.</summary>
    public Task<bool> ShowsAsync(string color, TimeSpan patience) => Eventually.IsTrueAsync(async () => await PixelAsync() == color, patience);

    /// <summary>The colour there now.</summary>
    public Task<string> PixelAsync() => page.EvaluateAsync<string>(
        """
        () => {
          const screen = document.getElementById('screen');
          if (screen.width < 200) return '';
          const probe = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
          probe.drawImage(screen, screen.width / 2, screen.height * 5 / 6, 1, 1, 0, 0, 1, 1);
          return '#' + [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v.toString(16).padStart(2, '0')).join('').toUpperCase();
        }
        """);

    /// <summary>Types a line into the desktop's terminal, by keys or by the phone's keyboard, until the screen has this colour.</summary>
    public async Task<bool> OrderAsync(string line, string color, TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        while (!deadline.IsCancellationRequested)
        {
            await TypeAsync(line);
            if (await ShowsAsync(color, TimeSpan.FromSeconds(10))) return true;
        }
        await PictureAsync(Checkout.Path("artifacts/pictures/order-not-heard.png"));
        return false;
    }

    /// <summary>Types a line into the desktop's terminal, once, whatever comes of it.</summary>
    public Task TypeAsync(string line) => touch ? TapAndWriteAsync(line) : ClickAndPressAsync(line);

    public async Task PictureAsync(string path) => await page.ScreenshotAsync(new() { Path = path });

    public Task CloseAsync() => page.Context.CloseAsync();

    private async Task ClickAndPressAsync(string line)
    {
        await page.Mouse.ClickAsync(300, 200);
        await page.Keyboard.PressAsync("Control+c");
        await page.Keyboard.TypeAsync(line, new() { Delay = 60 });
        await page.Keyboard.PressAsync("Enter");
    }

    private async Task TapAndWriteAsync(string line)
    {
        await page.Touchscreen.TapAsync(200, 200);
        if (!await page.EvaluateAsync<bool>("document.activeElement?.id === 'typing'")) await page.Locator("#keyboard-button").TapAsync();
        foreach (var letter in line) await page.Keyboard.InsertTextAsync($"{letter}");
        await page.Keyboard.PressAsync("Enter");
    }
}
