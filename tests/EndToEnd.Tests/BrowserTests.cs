using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>Portal and console in the distribution's Chromium, with a real desktop between them.</summary>
[Collection(RunningStack.Tests)]
public sealed partial class BrowserTests(RunningStack running)
{
    [Fact]
    public async Task A_person_connects_from_the_portal_and_IT_sees_it_happen_without_reloading()
    {
        var color = await running.TakeColorAsync();
        // What IT is to see happening must not be there already: a client of the test before may have just left.
        Assert.True(await Eventually.IsTrueAsync(async () => (await running.Ana.DesktopAsync()).State != DesktopState.SessionActive, Person.ConnectPatience));
        await using var chromium = await Chromium.StartAsync();
        await using var screen = await RdpScreen.StartAsync();   // before the ticket, which does not live long

        var console = await chromium.OpenConsoleAsync(running.Stack.ConsoleUrl, running.Rui, "/sessions");
        await Assertions.Expect(console.Locator(".grid tbody .chip").GetByText("Ativa", new() { Exact = true })).ToHaveCountAsync(0);
        await console.EvaluateAsync("() => window.notReloaded = true");

        var portal = await chromium.OpenAsync(running.Stack.PortalUrl);
        await portal.GotoAsync("/sign-in");
        await portal.Locator("#user").FillAsync(running.Stack.UserName);
        await portal.Locator("#password").FillAsync(running.Stack.Password);
        await portal.Locator(".fields .primary").ClickAsync();
        await PictureAsync(portal, "portal-desktops");
        await portal.Locator(".desktop .primary:visible").ClickAsync();
        await portal.Locator("#command").WaitForAsync(new() { Timeout = (float)Person.BootPatience.TotalMilliseconds });
        await portal.Locator("#command form button").Last.ClickAsync();
        var line = await portal.Locator("#line").InputValueAsync();
        Assert.StartsWith("xfreerdp ", line, StringComparison.Ordinal);
        screen.Connect(running.Stack.RdpAddress, Ticket().Match(line).Groups[1].Value);
        await PictureAsync(portal, "portal-connect");

        Assert.True(await screen.ShowsAsync(color, Person.ConnectPatience), screen.Client.Output);
        await screen.PictureAsync(Picture("desktop"));

        await Assertions.Expect(console.GetByText("Ana Silva").First).ToBeVisibleAsync(new() { Timeout = 120_000 });
        await Assertions.Expect(console.Locator(".grid tbody .chip").GetByText("Ativa", new() { Exact = true })).ToHaveCountAsync(1, new() { Timeout = 120_000 });
        Assert.True(await console.EvaluateAsync<bool>("() => window.notReloaded === true"));
        await PictureAsync(console, "console-sessions");

        var session = (await running.Rui.Sessions.ListAsync(new(), running.Rui.Token)).Sessions.Single();
        await running.Rui.UntilAsync(session.SessionId, SessionState.Active, Person.ConnectPatience);
        await console.GotoAsync($"/sessions/{session.SessionId}");
        await console.GetByText("Ana Silva").First.WaitForAsync();
        await PictureAsync(console, "console-session");
        foreach (var (path, name) in new[] { ("/", "console-dashboard"), ("/machines", "console-machines"), ("/pools", "console-pools") })
        {
            await console.GotoAsync(path);
            await console.Locator("h1").First.WaitForAsync();
            await PictureAsync(console, name);
        }
        running.Leave(color);
    }

    private static string Picture(string name)
    {
        Directory.CreateDirectory(Checkout.Path("artifacts/pictures"));
        return Checkout.Path($"artifacts/pictures/{name}.png");
    }

    private static Task PictureAsync(IPage page, string name) => page.ScreenshotAsync(new() { Path = Picture(name) });

    [GeneratedRegex("msts=([A-Za-z0-9_-]+)")]
    private static partial Regex Ticket();
}
