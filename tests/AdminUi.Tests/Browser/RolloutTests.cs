using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Publishing another image version to a pool, as an administrator does it.</summary>
public sealed class RolloutTests(Chromium chromium)
{
    [Theory]
    [InlineData(320, "en-GB", false)]
    [InlineData(768, "pt-PT", true)]
    [InlineData(1440, "en-GB", true)]
    public async Task A_version_is_published_from_the_pool_says_what_it_touches_and_is_followed_to_its_halt_by_keyboard_alone(int width, string language, bool dark)
    {
        await using var console = await RunningConsole.StartAsync();
        console.World.Images.Single(i => i.ImageVersionId == "img-8").State = "ready";
        var flow = await Flow.OpenAsync(chromium, console, "rollout", width, language, dark, "/pools/p-balcao");
        var (page, walk, say) = flow;
        var dialog = flow.Dialog;
        await Expect(page.GetByText(say.NoRollouts)).ToBeVisibleAsync();
        await walk.EnterAsync(flow.Button(say.PublishToPool));
        await Expect(dialog).ToContainTextAsync(say.RolloutEffectCanary(1, "debian-balcao 8"));
        await Expect(dialog).ToContainTextAsync(say.RolloutEffectRest(13, 9));
        var force = dialog.GetByRole(AriaRole.Checkbox, new() { Name = say.ForceWord });
        await walk.SpaceAsync(force);
        await Expect(dialog).ToContainTextAsync(say.RolloutEffectForce(9, "|").Split('|')[1]);
        await walk.LookAsync("publish");
        await walk.PressAsync("Space");
        await walk.EnterAsync(flow.Asked(say.PublishToPool));
        await Expect(page.Locator("h1")).ToHaveTextAsync("debian-balcao 7 → debian-balcao 8");
        await Ready.AnsweredAsync(page);
        Assert.Contains(console.World.Calls, c => c.StartsWith("rollout ", StringComparison.Ordinal) && c.EndsWith("img-8 1 6 force=False", StringComparison.Ordinal));

        Move(console, r => (r.State, r.MachinesNew, r.MachinesOld, r.Changing, r.OldLogonMs, r.NewLogonMs) = (RolloutState.Waves, 10, 14, 3, 4200, 4900), new RolloutProbe
        {
            MachineId = "balcao-1", MachineName = "balcao-01", State = "passed", GatewayName = "gateway-a", PictureMs = 3900, LogonMs = 4900,
        });
        await Expect(page.GetByText(say.State(RolloutState.Waves))).ToBeVisibleAsync();
        await Expect(page.GetByText(say.ProbeState("passed"))).ToBeVisibleAsync();
        await walk.LookAsync("waves");
        await walk.EnterAsync(flow.Button(say.HaltRollout));
        await Expect(dialog).ToContainTextAsync(say.HaltTouches);
        await walk.EnterAsync(flow.Asked(say.HaltRollout));
        await Expect(page.GetByText(say.State(RolloutState.Halted), new() { Exact = true })).ToBeVisibleAsync();
        await walk.LookAsync("halted");
        await walk.EnterAsync(flow.Button(say.ResumeRollout));
        await Expect(dialog).ToContainTextAsync(say.RolloutEffectRest(5, 9));
        await walk.EnterAsync(flow.Asked(say.ResumeRollout));
        await Expect(page.GetByText(say.State(RolloutState.Waves))).ToBeVisibleAsync();
        Assert.Contains("rollout Waves", console.World.Calls);
        await walk.EnterAsync(flow.Button(say.RollBackWord));
        await Expect(dialog).ToContainTextAsync(say.RollBackTouches(10));
        await walk.LookAsync("roll-back");
        await walk.EnterAsync(flow.Asked(say.RollBackWord));
        await Expect(page.GetByText(say.State(RolloutState.RollingBack), new() { Exact = true })).ToBeVisibleAsync();
        Assert.Contains("rollout RollingBack", console.World.Calls);
        Move(console, r => r.Halted = new Reason { Code = ReasonCode.RolloutTooSlow, Detail = "9.1 s > 7.3 s" });
        await Expect(page.Locator("p.problem")).ToContainTextAsync("(9.1 s > 7.3 s)");
        await walk.LookAsync("failed");
        await walk.EnterAsync(flow.Main.GetByRole(AriaRole.Link, new() { Name = "Balcão único", Exact = true }));
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "debian-balcao 7 → debian-balcao 8" })).ToBeVisibleAsync();
        walk.Ends();
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
}
