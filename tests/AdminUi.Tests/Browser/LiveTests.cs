using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

public sealed class LiveTests(Chromium chromium)
{
    [Fact]
    public async Task Changed_row_is_seen_without_reload()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenMachinesAsync(console);
        await page.EvaluateAsync("window.sameDocument = true");
        var changed = console.World.Machines.Find("m-balcao-1")!.Clone();
        changed.State = MachineState.Faulted;
        console.World.Machines.Put(changed);
        await Expect(page.Locator(".grid tbody tr:has-text('balcao-1')").First).ToContainTextAsync("Com falha");
        Assert.True(await page.EvaluateAsync<bool>("window.sameDocument"));
    }

    [Fact]
    public async Task Ten_thousand_rows_stay_virtualised_and_can_be_sorted_and_filtered()
    {
        await using var console = await RunningConsole.StartAsync(world => world.Machines.Put([.. Enumerable.Range(1, 10_000).Select(i => new Machine { MachineId = "m" + i, Name = $"pc-{i}", PoolId = "p", PoolName = "Grande", State = MachineState.Available })]));
        var page = await OpenMachinesAsync(console);
        await Expect(page.Locator(".toolbar .count")).ToContainTextAsync("10");
        await Expect(page.Locator(".grid table")).ToHaveAttributeAsync("aria-rowcount", "10001");   // the grid asks for its rows after the count is shown
        await FewRowsAsync(page);
        await page.Locator(".grid").EvaluateAsync("g => g.scrollTop = g.scrollHeight");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "pc-10000", Exact = true })).ToBeVisibleAsync();
        await FewRowsAsync(page);
        await Expect(page.Locator(".grid tbody tr:has-text('pc-10000')").First).ToHaveAttributeAsync("aria-rowindex", "10001");
        await page.GetByRole(AriaRole.Button, new() { Name = "Nome" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Nome" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/machines[?]sort=-name$"));
        await page.GetByRole(AriaRole.Searchbox).FillAsync("pc-777");
        await Expect(page.Locator(".toolbar .count")).ToContainTextAsync("11 de ");
        await Expect(page).ToHaveURLAsync(new Regex("q=pc-777"));
        await page.ReloadAsync();
        await Expect(page.Locator(".grid tbody tr td:first-child").First).ToHaveTextAsync("pc-7779");
        await Expect(page.Locator("th[aria-sort=descending]")).ToHaveTextAsync("Nome");
    }

    [Fact]
    public async Task A_link_that_is_followed_right_after_typing_keeps_what_was_typed()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenMachinesAsync(console);
        // Quicker than the console can answer: the link still has the address from before.
        await page.EvaluateAsync("""
            () => {
              const box = document.querySelector("input[type=search]"), link = document.querySelector("a[href*='state=used']");
              box.value = "urb 1";
              box.dispatchEvent(new Event("input", { bubbles: true }));
              link.click();
            }
            """);
        await Expect(page).ToHaveURLAsync(new Regex("/machines[?]state=used&q=urb%201$"));
        await page.ReloadAsync();
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("urb 1");
    }

    // A page that is closed or loaded anew while a filter is typed never answers: here its answer is held back, and the time to wait for it is short: longer than a busy machine needs for all other answers.
    [Fact]
    public async Task A_browser_that_goes_while_a_filter_is_typed_is_no_error_of_the_circuit()
    {
        await using var console = await RunningConsole.StartAsync(services: s => s.Configure<CircuitOptions>(o => o.JSInteropDefaultCallTimeout = TimeSpan.FromSeconds(10)));
        var page = await OpenMachinesAsync(console);
        await page.EvaluateAsync("() => { Blazor.navigateTo = Blazor._internal.navigationManager.navigateTo = () => new Promise(() => {}); }");
        await page.GetByRole(AriaRole.Searchbox).FillAsync("balcao");
        await Task.Delay(TimeSpan.FromSeconds(12), TestContext.Current.CancellationToken);      // what must not happen has no moment to wait for
        await page.GetByRole(AriaRole.Searchbox).FillAsync("balcao-2");
        await Expect(page.Locator(".toolbar .count")).ToContainTextAsync("6 de ");
        await Expect(page.Locator("#blazor-error-ui")).ToBeHiddenAsync();
        Assert.Empty(console.Log.Problems);
    }

    [Fact]
    public async Task Rows_do_not_move_until_the_reader_asks_and_a_pause_counts_what_waits()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenMachinesAsync(console);
        console.World.Machines.Put(new Machine { MachineId = "m-a", Name = "a-first", PoolName = "Balcão único", State = MachineState.Available });
        await Expect(page.Locator("button.notice")).ToContainTextAsync("1 alteração");
        await Expect(page.Locator(".grid tbody tr td:first-child").First).ToHaveTextAsync("balcao-1");
        await page.Locator("button.notice").ClickAsync();
        await Expect(page.Locator(".grid tbody tr td:first-child").First).ToHaveTextAsync("a-first");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pausar" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Retomar" })).ToBeVisibleAsync();     // a change may be quicker than a click
        var changed = Enumerable.Range(1, 3).Select(i => console.World.Machines.Find("m-balcao-" + i)!.Clone()).ToArray();
        foreach (var machine in changed) machine.State = MachineState.Unreachable;
        console.World.Machines.Put(changed);
        await Expect(page.Locator(".toolbar span.notice")).ToHaveTextAsync("3 alterações");
        await Expect(page.Locator(".grid tbody tr:has-text('balcao-1')").First).ToContainTextAsync("Em uso");
        await page.GetByRole(AriaRole.Button, new() { Name = "Retomar" }).ClickAsync();
        await Expect(page.Locator(".grid tbody tr:has-text('balcao-1')").First).ToContainTextAsync("Sem resposta");
    }

    [Fact]
    public async Task Broker_restart_keeps_the_page_and_says_how_old_the_data_are()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenMachinesAsync(console);
        await page.EvaluateAsync("window.sameDocument = true");
        await HeardAsync(console);
        await console.Broker.StopAsync();
        await Expect(page.Locator(".banner.warn")).ToContainTextAsync("Sem ligação ao serviço de ligações, a tentar de novo. Os dados têm");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "balcao-1", Exact = true })).ToBeVisibleAsync();
        var changed = console.World.Machines.Find("m-balcao-1")!.Clone();
        changed.State = MachineState.Unreachable;
        console.World.Machines.Put(changed);
        await console.Broker.StartAsync();
        await Expect(page.Locator(".grid tbody tr:has-text('balcao-1')").First).ToContainTextAsync("Sem resposta");
        await Expect(page.Locator(".banner.warn")).ToHaveCountAsync(0);
        Assert.True(await page.EvaluateAsync<bool>("window.sameDocument"));
    }

    [Fact]
    public async Task Two_pages_of_one_sign_in_share_one_set_of_watches()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenMachinesAsync(console);
        var second = await page.Context.NewPageAsync();
        await second.GotoAsync("/sessions");
        await Ready.PageAsync(second);
        Assert.Equal(1, console.Services.GetRequiredService<LiveFeeds>().Open);
        await Ready.ThatAsync(() => console.World.Machines.Watchers == 1, "one watch is left");     // the page that came before both may only be going
        await page.CloseAsync();
        await second.CloseAsync();
        await Ready.ThatAsync(() => console.World.Machines.Watchers == 0, "no watch is left");
    }

    // The grid draws its rows a moment after the count.
    private static Task FewRowsAsync(IPage page) => page.WaitForFunctionAsync("() => (n => n >= 5 && n <= 80)(document.querySelectorAll('.grid tbody tr').length)");

    // Each list has a stream of its own: what is shown may have come while another list is still on its way, and data that never came have no age.
    private static async Task HeardAsync(RunningConsole console)
    {
        var feeds = console.Services.GetRequiredService<LiveFeeds>();
        var feed = feeds.Join(Assert.Single(console.World.Tokens.Keys), null!);
        await Ready.ThatAsync(() => feed.All.All(table => table.Heard), "every list was told");
        feeds.Leave(feed);
    }

    private async Task<IPage> OpenMachinesAsync(RunningConsole console)
    {
        var page = await chromium.OpenAsync(console, path: "/machines");
        await Ready.PageAsync(page);
        return page;
    }
}
