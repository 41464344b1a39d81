using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Clients;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>An administrator assists a person: console, broker, database, gateway, worker and both browsers at once, with a real desktop.</summary>
[Collection(RunningStack.Tests)]
public sealed class AssistanceTests(RunningStack running)
{
    private const string Reason = "Impressora não responde";
    private static readonly LocatorAssertionsToContainTextOptions Soon = new() { Timeout = 120_000 };

    [Fact]
    public async Task Administrator_asks_in_the_console_looks_then_controls_in_the_persons_sight_and_every_step_is_audited()
    {
        var color = await running.TakeColorAsync();
        await using var chromium = await Chromium.StartAsync();
        var person = await BrowserDesktop.OpenAsync(chromium.Browser, running.Stack, 1280, 800, touch: false);
        Assert.True(await person.ShowsAsync(color, Person.BootPatience), $"The page shows {await person.PixelAsync()}, not {color}: {await person.CoverAsync()}");
        var session = Assert.Single((await running.Rui.Sessions.ListAsync(new(), running.Rui.Token)).Sessions, s => s.UserName == running.Stack.UserName).SessionId;
        await running.Rui.UntilAsync(session, SessionState.Active, Person.ConnectPatience);
        var console = await chromium.OpenConsoleAsync(running.Stack.ConsoleUrl, running.Rui, $"/sessions/{session}");

        // Looking: the picture is there, the mark too, and what the administrator types comes to nothing. No line here needs Shift: Playwright types without it.
        var looker = await AssistAsync(console, person.Page, control: false);
        await SeesAsync(looker, color);
        await looker.TypeAsync("touch looked");
        Assert.True(await person.OrderAsync("if test -e looked; then xsetroot -solid red; else xsetroot -solid olivedrab; fi", "#6B8E23", Person.ConnectPatience), $"The person's page shows {await person.PixelAsync()}: what a looker typed arrived.");
        await SeesAsync(looker, "#6B8E23");
        await EndsAsync(console, person.Page, looker);

        var helper = await AssistAsync(console, person.Page, control: true);
        Assert.True(await helper.OrderAsync("xsetroot -solid sienna", "#A0522D", Person.ConnectPatience), $"The administrator's page shows {await helper.PixelAsync()}: what was typed did not arrive.");
        await SeesAsync(person, "#A0522D");
        await PictureAsync(person, "assistance-person");
        await PictureAsync(helper, "assistance-administrator");
        await EndsAsync(console, person.Page, helper);

        string[] steps =
            [
                $"rui.costa assistance.asked look: {Reason}", "ana.silva assistance.granted look: rui.costa", "rui.costa assistance.began look", "ana.silva assistance.ended person",
                $"rui.costa assistance.asked control: {Reason}", "ana.silva assistance.granted control: rui.costa", "rui.costa assistance.began control", "ana.silva assistance.ended person",
            ];
        // What the console says of the second end it has said of the first one already.
        await Eventually.IsTrueAsync(async () => (await AuditedAsync(session)).Count() >= steps.Length, TimeSpan.FromMinutes(2));
        Assert.Equal(steps, await AuditedAsync(session));
        await person.CloseAsync();
        await running.Rui.UntilAsync(session, SessionState.Disconnected, Person.ConnectPatience);
        running.Leave("#A0522D");
    }

    /// <summary>From the question in the console to the picture in the administrator's new tab, with the person's yes between them.</summary>
    private async Task<BrowserDesktop> AssistAsync(IPage console, IPage person, bool control)
    {
        await console.GetByRole(AriaRole.Button, new() { Name = "Pedir para acompanhar" }).ClickAsync();
        await console.GetByLabel("Motivo").FillAsync(Reason);
        if (control) await console.GetByText("Ver e comandar").ClickAsync();
        await console.GetByRole(AriaRole.Button, new() { Name = "Pedir", Exact = true }).ClickAsync();

        await Expect(person.Locator("#ask")).ToContainTextAsync("Rui Costa", Soon);
        await Expect(person.Locator("#ask")).ToContainTextAsync(Reason);
        await person.Locator("#ask-buttons .primary").ClickAsync();
        var open = console.GetByRole(AriaRole.Button, new() { Name = "Abrir o ambiente de trabalho" });
        await open.WaitForAsync();
        var tab = await console.Context.RunAndWaitForPageAsync(() => open.ClickAsync());

        Assert.True(await Eventually.IsTrueAsync(() => tab.Locator("#assist-bar").IsVisibleAsync(), TimeSpan.FromMinutes(2)), $"{tab.Url}: {await tab.Locator("body").InnerTextAsync()}\n{running.Stack.Console.LastLines(40)}");
        await Expect(tab.Locator("#assist-mode")).ToHaveTextAsync(control ? "Ver e comandar" : "Só ver");
        await Expect(person.Locator("#mark-assist")).ToContainTextAsync("Rui Costa", Soon);
        await Expect(console.Locator("main")).ToContainTextAsync(control ? "rui.costa está a ver e a comandar esta sessão." : "rui.costa está a ver esta sessão.", Soon);
        return new(tab, touch: false);
    }

    /// <summary>The person ends it, and everybody hears of it.</summary>
    private static async Task EndsAsync(IPage console, IPage person, BrowserDesktop administrator)
    {
        await person.Locator("#mark-assist").GetByRole(AriaRole.Button).ClickAsync();
        await Expect(administrator.Page.Locator("#cover-sentence")).ToContainTextAsync("A pessoa terminou a assistência.", Soon);
        await Expect(person.Locator("#mark-assist")).ToHaveCountAsync(0);
        await Expect(console.Locator("main")).ToContainTextAsync("terminou porque a pessoa terminou", Soon);
        await administrator.Page.CloseAsync();
    }

    /// <summary>Who did what in this session's assistances, oldest first; how many seconds each took is left out.</summary>
    private async Task<IEnumerable<string>> AuditedAsync(string session) =>
        (await running.Rui.Audit.ListAsync(new() { Limit = 100, ObjectId = session }, running.Rui.Token)).Events
            .Where(e => e.Action.StartsWith("assistance.", StringComparison.Ordinal)).OrderBy(e => e.AuditId)
            .Select(e => $"{e.Actor} {e.Action} {(e.Action == "assistance.ended" ? e.Reference.Split(' ')[0] : e.Reference)}");

    private static async Task SeesAsync(BrowserDesktop desktop, string color) =>
        Assert.True(await desktop.ShowsAsync(color, Person.ConnectPatience), $"{desktop.Page.Url} shows {await desktop.PixelAsync()}, not {color}: {await desktop.CoverAsync()}");

    private static async Task PictureAsync(BrowserDesktop desktop, string name)
    {
        Directory.CreateDirectory(Checkout.Path("artifacts/pictures"));
        await desktop.PictureAsync(Checkout.Path($"artifacts/pictures/{name}.png"));
    }
}
