using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>What holds for a pool's sessions, as an administrator sets it.</summary>
public sealed class RulesTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, 800, "pt-PT", "Mudar regras das sessões", "Desligada", "Uma sessão desligada há 60 minutos é terminada", "Vale já para 9 sessões abertas.", "Guardar")]
    [InlineData(390, 844, "en-GB", "Change session rules", "Disconnected", "A session disconnected for 60 minutes is logged off", "It holds at once for 9 open sessions.", "Save")]
    public async Task Time_out_is_set_in_a_form_that_says_what_it_will_do(int width, int height, string language, string open, string field, string effect, string scope, string save)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, height, language, path: "/pools/p-balcao");
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = open, Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = save })).ToBeDisabledAsync();

        await dialog.GetByLabel(field).FillAsync("60");
        await Expect(dialog).ToContainTextAsync(effect);
        await Expect(dialog).ToContainTextAsync(scope);
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await SaveAsync(page, $"rules-dialog-{language}-{width}");
        Assert.Equal(0, await dialog.EvaluateAsync<int>("d => Math.max(0, d.scrollWidth - d.clientWidth)"));
        await dialog.GetByRole(AriaRole.Button, new() { Name = save }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);

        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(effect);
        Assert.Contains(console.World.Calls, c => c == """rules { "disconnectedMinutes": 60 }""");
        await SaveAsync(page, $"rules-page-{language}-{width}");
    }

    [Theory]
    [InlineData(1280, 800, "pt-PT", "Mudar quota de sessões", "Número próprio", "Sessões ao mesmo tempo", "Guardar")]
    [InlineData(390, 844, "en-GB", "Change session quota", "A number of one's own", "Sessions at once", "Save")]
    public async Task Person_gets_a_quota_of_his_own_and_everybody_one_on_the_list(int width, int height, string language, string open, string own, string field, string save)
    {
        await using var console = await RunningConsole.StartAsync();
        var user = console.World.Users[0].UserName;
        var page = await chromium.OpenAsync(console, width, height, language, path: $"/users/{user}");
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = open, Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Radio, new() { Name = own }).ClickAsync();
        await dialog.GetByRole(AriaRole.Spinbutton).FillAsync("2");
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await SaveAsync(page, $"quota-dialog-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = save }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync($"{field}: 2");

        await page.GotoAsync(new Uri(new Uri(page.Url), "/users").ToString());
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = open, Exact = true }).ClickAsync();
        await dialog.GetByRole(AriaRole.Spinbutton).FillAsync("3");
        await dialog.GetByRole(AriaRole.Button, new() { Name = save }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync($"{field}: 3");
        await SaveAsync(page, $"quota-list-{language}-{width}");
    }

    private static async Task SaveAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = !name.Contains("dialog", StringComparison.Ordinal) });
    }
}
