using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>IT sees an alert come, looks after it, silences it, changes a rule, and sets up who is told.</summary>
public sealed class AlertsTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task An_alert_comes_is_looked_after_and_goes_and_rules_and_channels_are_set(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/alerts");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        var main = page.Locator("main");
        var dialog = page.GetByRole(AriaRole.Dialog);
        var count = page.Locator("#side .count");
        await Expect(count).ToContainTextAsync(say.OpenAlertsCount(2));

        var coming = console.World.Alerts.Find("alert-1")!.Clone();
        (coming.AlertId, coming.Rule, coming.ObjectKind, coming.ObjectKey, coming.ObjectName) = ("alert-3", AlertRule.AgentSilent, "machine", "m-urb-12", "urb-12");
        console.World.Alerts.Put(coming);
        await Expect(main).ToContainTextAsync(AlertTexts.Sentence(coming, say.Culture));
        await Expect(count).ToContainTextAsync(say.OpenAlertsCount(3));
        await Expect(page.Locator("main a[href='/machines/m-urb-12']")).ToHaveCountAsync(1);
        await PictureAsync(page, $"alerts-{language}-{width}");
        Assert.Equal(0, await page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));

        var called = $"{say.NameOf(AlertRule.AgentSilent)}, urb-12";
        await Button(page, say.AcknowledgeOf(called)).ClickAsync();
        await Expect(Button(page, say.AcknowledgeOf(called))).ToHaveCountAsync(0);
        Assert.Equal("rita", console.World.Alerts.Find("alert-3")!.AcknowledgedBy);
        await Button(page, say.SilenceOf(called)).ClickAsync();
        await PictureAsync(page, $"alerts-silence-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.SilenceWord, Exact = true }).ClickAsync();
        await Expect(Button(page, say.EndSilenceOf(say.NameOf(AlertRule.AgentSilent)))).ToBeVisibleAsync();
        Assert.Equal("m-urb-12", Assert.Single(console.World.Silences).ObjectKey);
        console.World.Alerts.Remove("alert-3");
        await Expect(count).ToContainTextAsync(say.OpenAlertsCount(2));

        await Button(page, say.ChangeOf(say.NameOf(AlertRule.PoolShort))).ClickAsync();
        await dialog.Locator("select").First.SelectOptionAsync(new SelectOptionValue { Label = "Urbanismo" });
        await dialog.GetByLabel($"{say.LimitWord} ({say.UnitOf(AlertUnit.Machines)})", new() { Exact = true }).FillAsync("3");
        await PictureAsync(page, $"alerts-rule-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(Button(page, say.ResetOf($"{say.NameOf(AlertRule.PoolShort)}: Urbanismo"))).ToBeVisibleAsync();
        Assert.Equal(3, console.World.AlertRules.Single(r => r.PoolId == "p-urb").Threshold);

        await Button(page, say.AddChannel).ClickAsync();
        await dialog.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Piquete");
        await dialog.GetByLabel(say.MailServerWord, new() { Exact = true }).FillAsync("correio.example.pt");
        await dialog.GetByLabel(say.SenderWord, new() { Exact = true }).FillAsync("vdi@example.pt");
        await dialog.GetByLabel(say.RecipientsWord, new() { Exact = true }).FillAsync("ana@example.pt, rui@example.pt");
        await PictureAsync(page, $"alerts-channel-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Button(page, say.SendTestOf("Piquete")).ClickAsync();
        await Expect(page.GetByText(say.TestSent("Piquete"))).ToBeVisibleAsync();
        Assert.Equal(["ana@example.pt", "rui@example.pt"], console.World.AlertChannels.Single(c => c.Name == "Piquete").Recipients);
        await Button(page, say.SendTestOf("Central")).ClickAsync();
        await Expect(page.GetByText(say.TestNotSent("Central", "502"))).ToBeVisibleAsync();
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is not { Length: > 0 } folder) return;
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }
}
