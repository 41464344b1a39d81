using Microsoft.Playwright;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>IT sees an alert come, looks after it, silences it, changes a rule, and sets up who is told.</summary>
public sealed class AlertsTests(Chromium chromium)
{
    [Theory]
    [InlineData(320, "pt-PT", false)]
    [InlineData(768, "en-GB", true)]
    [InlineData(1440, "pt-PT", true)]
    public async Task An_alert_comes_is_looked_after_and_goes_rules_and_channels_are_set_and_the_record_is_verified(int width, string language, bool dark)
    {
        await using var console = await RunningConsole.StartAsync();
        var flow = await Flow.OpenAsync(chromium, console, "alert", width, language, dark, "/alerts");
        var (page, walk, say) = flow;
        var dialog = flow.Dialog;
        var count = page.Locator("#side .count");
        await Expect(count).ToContainTextAsync(say.OpenAlertsCount(2));

        var coming = console.World.Alerts.Find("alert-1")!.Clone();
        (coming.AlertId, coming.Rule, coming.ObjectKind, coming.ObjectKey, coming.ObjectName) = ("alert-3", AlertRule.AgentSilent, "machine", "m-urb-12", "urb-12");
        console.World.Alerts.Put(coming);
        await Expect(flow.Main).ToContainTextAsync(AlertTexts.Sentence(coming, say.Culture));
        await Expect(count).ToContainTextAsync(say.OpenAlertsCount(3));
        await Expect(page.Locator("main a[href='/machines/m-urb-12']")).ToHaveCountAsync(1);
        await walk.LookAsync("open");

        var called = $"{say.NameOf(AlertRule.AgentSilent)}, urb-12";
        await walk.EnterAsync(flow.Button(say.AcknowledgeOf(called)));
        await Expect(flow.Button(say.AcknowledgeOf(called))).ToHaveCountAsync(0);
        Assert.Equal("rita", console.World.Alerts.Find("alert-3")!.AcknowledgedBy);
        await walk.LookAsync("looked-after");
        await walk.EnterAsync(flow.Button(say.SilenceOf(called)));
        await Ready.DialogAsync(page);
        await walk.LookAsync("silence");
        await walk.EnterAsync(flow.Asked(say.SilenceWord));
        await Expect(flow.Button(say.EndSilenceOf(say.NameOf(AlertRule.AgentSilent)))).ToBeVisibleAsync();
        Assert.Equal("m-urb-12", Assert.Single(console.World.Silences).ObjectKey);
        console.World.Alerts.Remove("alert-3");
        await Expect(count).ToContainTextAsync(say.OpenAlertsCount(2));

        await walk.EnterAsync(flow.Button(say.ChangeOf(say.NameOf(AlertRule.PoolShort))));
        await walk.PickAsync(dialog.GetByRole(AriaRole.Combobox, new() { Name = say.RuleWhere }), "Urbanismo");
        await walk.FillAsync(dialog.GetByLabel($"{say.LimitWord} ({say.UnitOf(AlertUnit.Machines)})", new() { Exact = true }), "3");
        await walk.LookAsync("rule");
        await walk.EnterAsync(flow.Asked(say.Save));
        await Expect(flow.Button(say.ResetOf($"{say.NameOf(AlertRule.PoolShort)}: Urbanismo"))).ToBeVisibleAsync();
        Assert.Equal(3, console.World.AlertRules.Single(r => r.PoolId == "p-urb").Threshold);

        await walk.EnterAsync(flow.Button(say.AddChannel));
        foreach (var (label, text) in new[] { (say.NameWord, "Piquete"), (say.MailServerWord, "correio.example.pt"), (say.SenderWord, "vdi@example.pt"), (say.RecipientsWord, "ana@example.pt, rui@example.pt") })
            await walk.FillAsync(dialog.GetByLabel(label, new() { Exact = true }), text);
        await walk.LookAsync("channel");
        await walk.EnterAsync(flow.Asked(say.Save));
        await Expect(dialog).ToHaveCountAsync(0);
        await walk.EnterAsync(flow.Button(say.SendTestOf("Piquete")));
        await Expect(page.GetByText(say.TestSent("Piquete"))).ToBeVisibleAsync();
        Assert.Equal(["ana@example.pt", "rui@example.pt"], console.World.AlertChannels.Single(c => c.Name == "Piquete").Recipients);
        await walk.EnterAsync(flow.Button(say.SendTestOf("Central")));
        await Expect(page.GetByText(say.TestNotSent("Central", "502"))).ToBeVisibleAsync();
        await walk.LookAsync("tested");

        await flow.FindAsync("Control+k", say.AuditLog, say.AuditLog);
        await walk.EnterAsync(flow.Button(say.VerifyAudit));
        await Expect(page.Locator("main div[role=status]")).ToContainTextAsync(say.AuditGenuine(120, 4312));
        await walk.LookAsync("verified");
        walk.Ends();
    }
}
