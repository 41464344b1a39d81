using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Pools whose machines people share.</summary>
public sealed class SharingTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, 800, "pt-PT", "9 / 40", "3 de 10 lugares", "Reiniciar", "3 pessoas afetadas agora.", "Partilhado", "Sessões por máquina", "Criar conjunto",
        "Não aceitar novas sessões", "3 pessoas estão a usá-la agora e continuam.", "{0} máquinas · {1} pessoas",
        "Manual", "Várias pessoas partilham cada computador", "Cada computador serve até 4 pessoas ao mesmo tempo.", "Nome")]
    [InlineData(390, 844, "en-GB", "9 / 40", "3 of 10 seats", "Restart", "3 people affected now.", "Multi-session", "Sessions per machine", "Create pool",
        "Drain", "3 people are on it now and go on.", "{0} machines · {1} people",
        "Manual pool", "Several people share each computer", "Each computer serves up to 4 people at once.", "Name")]
    public async Task Seats_are_shown_and_an_action_says_how_many_people_it_touches(
        int width, int height, string language, string seats, string taken, string restart, string touched, string kind, string field, string create,
        string drain, string goOn, string load,
        string manual, string several, string each, string name)
    {
        await using var console = await RunningConsole.StartAsync();
        var pool = console.World.Pools.Find("p-balcao")!.Clone();
        (pool.Kind, pool.Seats, pool.Sharing) = (PoolKind.MultiSession, 40, new() { SessionsPerMachine = 10, Distribution = Distribution.Depth, RenewHours = 20 });
        console.World.Pools.Put(pool);
        var machine = console.World.Machines.Find("m-balcao-1")!.Clone();
        (machine.Seats, machine.People) = (10, 3);
        console.World.Machines.Put(machine);

        var page = await chromium.OpenAsync(console, width, height, language, path: "/pools/p-balcao");
        await Ready.PageAsync(page);
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(seats);
        await SaveAsync(page, $"sharing-pool-{language}-{width}");

        await page.GotoAsync(new Uri(new Uri(page.Url), "/machines/m-balcao-1").ToString());
        await Ready.PageAsync(page);
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(taken);
        await page.GetByRole(AriaRole.Button, new() { Name = restart, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync(touched);
        await SaveAsync(page, $"sharing-machine-dialog-{language}-{width}");
        // By its button: a key may come before the dialog has the focus.
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = new Words.Language(new(language)).Cancel, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = drain, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync(goOn);
        await SaveAsync(page, $"sharing-drain-dialog-{language}-{width}");

        var others = console.World.Machines.All.Count(m => m.HostName == machine.HostName);
        var people = console.World.Machines.All.Where(m => m.HostName == machine.HostName).Sum(m => (int)m.People);
        await page.GotoAsync(new Uri(new Uri(page.Url), "/hosts/host-2").ToString());
        await Ready.PageAsync(page);
        await Expect(page.Locator("#host-load")).ToHaveTextAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, load, others, people));
        await SaveAsync(page, $"sharing-host-{language}-{width}");

        await page.GotoAsync(new Uri(new Uri(page.Url), "/pools").ToString());
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = create, Exact = true }).ClickAsync();
        var main = page.GetByRole(AriaRole.Main);
        await main.GetByText(kind, new() { Exact = true }).ClickAsync();
        await main.GetByLabel(name, new() { Exact = true }).FillAsync("Sala 2");
        await Wizard.NextAsync(page, 2);
        await Wizard.NextAsync(page, 3);
        await Expect(main.GetByLabel(field)).ToHaveValueAsync("10");
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await SaveAsync(page, $"sharing-create-{language}-{width}");
        Assert.Equal(0, await main.EvaluateAsync<int>("d => Math.max(0, d.scrollWidth - d.clientWidth)"));

        await page.Locator(".steps a").First.ClickAsync();
        await main.GetByText(manual, new() { Exact = true }).ClickAsync();
        await Wizard.NextAsync(page, 3);   // computers that are there already have no image
        await Expect(main.GetByLabel(field)).ToHaveCountAsync(0);
        await main.GetByText(several).ClickAsync();
        await main.GetByLabel(field).FillAsync("4");
        await Expect(main).ToContainTextAsync(each);
        await SaveAsync(page, $"sharing-manual-{language}-{width}");
        await Wizard.NextAsync(page, 4);
        await Wizard.NextAsync(page, 5);
        await Wizard.CreateAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Sala 2");
        Assert.Contains("shared Sala 2 4", console.World.Calls);
    }

    private static async Task SaveAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = !name.Contains("dialog", StringComparison.Ordinal) });
    }
}
