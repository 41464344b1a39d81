using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>A computer that sleeps, as an administrator finds and wakes it.</summary>
public sealed class WakeTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, 800, "pt-PT")]
    [InlineData(390, 844, "en-GB")]
    public async Task Wake_address_is_written_down_and_the_sleeping_computer_woken_by_its_button(int width, int height, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var say = new Words.Language(new(language));
        var computer = console.World.Machines.Find("m-sala-1")!.Clone();
        (computer.State, computer.AgentConnected, computer.Power) = (MachineState.Unreachable, false, PowerState.Unknown);
        console.World.Machines.Put(computer);
        var page = await chromium.OpenAsync(console, width, height, language, path: "/machines/m-sala-1");
        await Ready.PageAsync(page);
        var main = page.GetByRole(AriaRole.Main);
        await Expect(main).ToContainTextAsync(say.State(MachineState.Unreachable));
        await Expect(main).ToContainTextAsync(say.NoWakeAddress);
        await page.GetByRole(AriaRole.Button, new() { Name = say.ChangeWakeAddress, Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel(say.MacWord).FillAsync("00:1b:21:01:02:03");
        await dialog.GetByLabel(say.BroadcastWord).FillAsync("10.20.3.255");
        await Expect(dialog).ToContainTextAsync(say.WakeAddressEffect(true));
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await SaveAsync(page, $"wake-dialog-{language}-{width}");
        Assert.Equal(0, await dialog.EvaluateAsync<int>("d => Math.max(0, d.scrollWidth - d.clientWidth)"));
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);

        await Expect(main).ToContainTextAsync(say.SleepingWord);
        await Expect(main).ToContainTextAsync("10.20.3.255:9");
        await SaveAsync(page, $"wake-page-{language}-{width}");
        await page.GetByRole(AriaRole.Button, new() { Name = say.Wake, Exact = true }).ClickAsync();
        await Expect(main).ToContainTextAsync(say.WakingWord);
        await Expect(main).ToContainTextAsync(say.Step("magic_packet"));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = say.Wake, Exact = true })).ToBeDisabledAsync();
        await SaveAsync(page, $"wake-waking-{language}-{width}");
        Assert.Contains("wake-address 00:1b:21:01:02:03@10.20.3.255:9 sala-1", console.World.Calls);
        Assert.Contains("wake sala-1", console.World.Calls);
    }

    private static async Task SaveAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = !name.Contains("dialog", StringComparison.Ordinal) });
    }
}
