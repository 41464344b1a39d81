using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Publishing another image version to a pool, as an administrator does it.</summary>
public sealed class RolloutTests(Chromium chromium) : IClassFixture<Chromium>
{
    [Fact]
    public async Task A_version_is_published_from_the_pool_says_what_it_touches_and_is_followed_to_its_halt()
    {
        await using var console = await RunningConsole.StartAsync();
        console.World.Images.Single(i => i.ImageVersionId == "img-8").State = "ready";
        var page = await OpenAsync(console, "/pools/p-balcao");
        await Expect(page.GetByText("Ainda não foi publicada outra versão neste conjunto.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Publicar no conjunto" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync("1 máquina livre passa primeiro a debian-balcao 8");
        await Expect(dialog).ToContainTextAsync("hoje 13 livres; 9 em uso mudam quando a sessão terminar.");
        await dialog.GetByText("Terminar as sessões que restarem").ClickAsync();
        await Expect(dialog).ToContainTextAsync("são terminadas: agora são 9. As pessoas são avisadas antes.");
        await ShotAsync(page, "dialog");
        await dialog.GetByText("Terminar as sessões que restarem").ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Publicar no conjunto" }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("debian-balcao 7 → debian-balcao 8");
        Assert.Contains(console.World.Calls, c => c.StartsWith("rollout ", StringComparison.Ordinal) && c.EndsWith("img-8 1 6 force=False", StringComparison.Ordinal));

        Move(console, r => (r.State, r.MachinesNew, r.MachinesOld, r.Changing, r.OldLogonMs, r.NewLogonMs) = (RolloutState.Waves, 10, 14, 3, 4200, 4900), new RolloutProbe
        {
            MachineId = "balcao-1", MachineName = "balcao-01", State = "passed", GatewayName = "gateway-a", PictureMs = 3900, LogonMs = 4900,
        });
        await Expect(page.GetByText("A mudar as restantes")).ToBeVisibleAsync();
        await Expect(page.GetByText("correu bem")).ToBeVisibleAsync();
        await ShotAsync(page, "waves");
        await page.GetByRole(AriaRole.Button, new() { Name = "Parar" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("Nada mais muda até a continuar ou reverter.");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Parar" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Continuar" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("hoje 5 livres; 9 em uso mudam quando a sessão terminar.");
        await Expect(dialog).ToContainTextAsync("Ficam sempre 6 prontas.");
        await ShotAsync(page, "dialog-resume");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Continuar" }).ClickAsync();
        await Expect(page.GetByText("A mudar as restantes")).ToBeVisibleAsync();
        Assert.Contains("rollout Waves", console.World.Calls);
        await page.GetByRole(AriaRole.Button, new() { Name = "Voltar à versão anterior" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("10 máquinas novas voltam à versão anterior");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Voltar à versão anterior" }).ClickAsync();
        await Expect(page.GetByText("A reverter", new() { Exact = true })).ToBeVisibleAsync();
        Assert.Contains("rollout RollingBack", console.World.Calls);
        Move(console, r => r.Halted = new Reason { Code = ReasonCode.RolloutTooSlow, Detail = "9.1 s > 7.3 s" });
        await Expect(page.Locator("p.problem")).ToContainTextAsync("é mais lento do que o permitido. (9.1 s > 7.3 s)");
        await ShotAsync(page, "halted");
        await page.GotoAsync("/pools/p-balcao");
        await Ready.PageAsync(page);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "debian-balcao 7 → debian-balcao 8" })).ToBeVisibleAsync();
        await ShotAsync(page, "pool");
    }

    [Fact]
    public async Task An_image_is_published_to_a_pool_that_has_another()
    {
        await using var console = await RunningConsole.StartAsync();
        console.World.Images.Single(i => i.ImageVersionId == "img-8").State = "ready";
        var page = await OpenAsync(console, "/images/img-8");
        await page.GetByRole(AriaRole.Button, new() { Name = "Publicar no conjunto" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.Locator("select").SelectOptionAsync("p-balcao");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Publicar no conjunto" }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("debian-balcao 7 → debian-balcao 8");
    }

    private static void Move(RunningConsole console, Action<Rollout> change, params RolloutProbe[] probes)
    {
        var now = console.World.Rollout!.Clone();
        change(now);
        now.Probes.Add(probes);
        now.StateSince = DateTimeOffset.UtcNow.ToTimestamp();
        console.World.Rollout = now;
    }

    private async Task<IPage> OpenAsync(RunningConsole console, string path)
    {
        var page = await chromium.OpenAsync(console);
        await page.GotoAsync(path);
        await Ready.PageAsync(page);
        return page;
    }

    private static async Task ShotAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is not { Length: > 0 } folder) return;
        foreach (var width in new[] { 1280, 390 })
        {
            await page.SetViewportSizeAsync(width, 900);
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"rollout-{name}-{width}.png"), FullPage = !name.StartsWith("dialog", StringComparison.Ordinal) });
        }
        await page.SetViewportSizeAsync(1280, 900);
    }
}
