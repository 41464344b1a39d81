using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Common.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>What may pass between device and desktop, as an administrator sets it.</summary>
public sealed class DevicesTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, 800, "pt-PT", "Mudar o que passa", "Discos e ficheiros", "Deixa de passar: Discos e ficheiros.", "Vale para as ligações feitas a partir de agora", "Guardar")]
    [InlineData(390, 844, "en-GB", "Change what passes", "Drives and files", "Will no longer pass: Drives and files.", "It holds for connections made from now on", "Save")]
    public async Task Drives_are_blocked_in_a_form_that_says_what_it_will_do(int width, int height, string language, string open, string drives, string effect, string scope, string save)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, height, language, path: "/pools/p-balcao");
        await Ready.PageAsync(page);
        await SaveAsync(page, $"devices-page-{language}-{width}");
        await page.GetByRole(AriaRole.Button, new() { Name = open, Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync(scope);
        await Expect(dialog.GetByRole(AriaRole.Switch)).ToHaveCountAsync(8);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = save })).ToBeDisabledAsync();

        await dialog.GetByRole(AriaRole.Switch, new() { NameRegex = new("^" + drives) }).ClickAsync();
        await Expect(dialog).ToContainTextAsync(effect);
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await SaveAsync(page, $"devices-dialog-{language}-{width}");
        await dialog.Locator(".touches").ScrollIntoViewIfNeededAsync();
        await SaveAsync(page, $"devices-dialog-end-{language}-{width}");
        Assert.Equal(0, await dialog.EvaluateAsync<int>("d => Math.max(0, d.scrollWidth - d.clientWidth)"));
        await dialog.GetByRole(AriaRole.Button, new() { Name = save }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(Blocked(page)).ToHaveTextAsync(drives);
        Assert.Contains("block Drives", console.World.Calls);
        Assert.DoesNotContain(console.World.Calls, c => c.StartsWith("end-to-end", StringComparison.Ordinal));
        await SaveAsync(page, $"devices-saved-{language}-{width}");
    }

    [Fact]
    public async Task A_block_outweighs_an_RD_Gateway_that_ends_at_the_machine_and_the_form_says_so()
    {
        await using var console = await RunningConsole.StartAsync(world =>
        {
            Fakes.FakeData.Fill(world);
            var pool = world.Pools.Find("p-balcao")!.Clone();
            pool.BlockedFeatures.AddRange([DeviceFeature.Usb, DeviceFeature.AudioIn]);
            world.Pools.Put(pool);
        });
        var page = await chromium.OpenAsync(console, path: "/pools/p-balcao");
        await Ready.PageAsync(page);
        await Expect(Blocked(page)).ToHaveTextAsync("Dispositivos USB, Microfone");
        await page.GetByRole(AriaRole.Button, new() { Name = "Mudar o que passa", Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Radio, new() { NameRegex = new("^Na máquina") }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("Enquanto algo estiver bloqueado, a ligação acaba na gateway");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Guardar" }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(page.Locator("main")).ToContainTextAsync("Enquanto algo estiver bloqueado");
        Assert.Contains("end-to-end True", console.World.Calls);
        Assert.DoesNotContain(console.World.Calls, c => c.StartsWith("block", StringComparison.Ordinal));

        // Another administrator lets everything pass: the facts follow without a reload.
        var open = console.World.Pools.Find("p-balcao")!.Clone();
        open.BlockedFeatures.Clear();
        console.World.Pools.Put(open);
        await Expect(Blocked(page)).ToHaveTextAsync("Nada está bloqueado");
        await Expect(page.Locator(".facts div").Filter(new() { Has = page.Locator("dt", new() { HasTextRegex = new("^RD Gateway$") }) }).Locator("dd")).ToHaveTextAsync("Na máquina");
    }

    [Fact]
    public async Task A_pool_is_made_with_what_it_blocks()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, path: "/pools");
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Criar conjunto" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Nome", Exact = true }).FillAsync("Tesouraria");
        for (var step = 2; step <= 4; step++) await Wizard.NextAsync(page, step);
        await page.Locator("main summary").ClickAsync();
        await page.GetByRole(AriaRole.Switch, new() { NameRegex = new("^Copiar do ambiente de trabalho") }).ClickAsync();
        await page.GetByRole(AriaRole.Switch, new() { NameRegex = new("^Microfone") }).ClickAsync();
        await Expect(page.Locator("main summary")).ToHaveTextAsync("Dispositivos e ligação: 2 bloqueados");
        await Wizard.NextAsync(page, 5);
        await Expect(page.Locator("main")).ToContainTextAsync("Bloqueado: Copiar do ambiente de trabalho, Microfone.");
        await Wizard.CreateAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Tesouraria");
        await Expect(Blocked(page)).ToHaveTextAsync("Copiar do ambiente de trabalho, Microfone");
        Assert.Equal([DeviceFeature.ClipboardFromDesktop, DeviceFeature.AudioIn], console.World.Pools.Find("pool-Tesouraria")!.BlockedFeatures);
    }

    private static ILocator Blocked(IPage page) =>
        page.Locator(".facts div").Filter(new() { Has = page.Locator("dt", new() { HasTextRegex = new("^(Bloqueado|Blocked)$") }) }).Locator("dd");

    private static async Task SaveAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = !name.Contains("dialog", StringComparison.Ordinal) });
    }
}
