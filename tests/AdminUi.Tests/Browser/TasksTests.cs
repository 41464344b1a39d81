using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Everything long that is done: IT sees it come, follows one line by line, and cancels it while that is possible.</summary>
public sealed class TasksTests(Chromium chromium)
{
    [Theory]
    [InlineData(390, "pt-PT", false)]
    [InlineData(1440, "en-GB", true)]
    public async Task A_task_is_found_followed_line_by_line_and_cancelled(int width, string language, bool dark)
    {
        await using var console = await RunningConsole.StartAsync();
        var flow = await Flow.OpenAsync(chromium, console, "tasks", width, language, dark, "/");
        var (page, walk, say) = flow;
        await flow.FindAsync("Control+k", say.TasksWord, say.TasksWord);
        await Expect(page.Locator(".toolbar .count")).ToHaveTextAsync(say.RowCount(8, 8));
        await Ready.PageAsync(page);
        await walk.LookAsync("list");

        await walk.EnterAsync(page.GetByRole(AriaRole.Link, new() { Name = say.UnderWay, Exact = true }));
        await Expect(page).ToHaveURLAsync(new Regex("/tasks[?]state=open$"));
        await Expect(page.Locator(".toolbar .count")).ToHaveTextAsync(say.RowCount(5, 8));
        // What changes is seen where it stands, and what comes is counted.
        console.World.Tell("t-2", TaskEvent.Step, "define", state: TaskState.Running);
        await Expect(RowOf(page, "balcao-24")).ToContainTextAsync(say.State(TaskState.Running));
        console.World.Tasks.Put(new WorkTask { TaskId = "t-9", Kind = TaskKind.Move, State = TaskState.Running, ObjectKind = "machine", ObjectId = "m-urb-1", ObjectName = "urb-1", ObjectThere = true, Cause = TaskCause.Host, BeganAt = DateTimeOffset.UtcNow.ToTimestamp() });
        await Expect(page.Locator("button.notice")).ToContainTextAsync(say.ChangesWaiting(1));
        await page.ReloadAsync();
        await Ready.PageAsync(page);
        await Expect(page.Locator(".toolbar .count")).ToHaveTextAsync(say.RowCount(6, 9));

        await walk.EnterAsync(RowOf(page, "balcao-1").GetByRole(AriaRole.Link).First);
        await Expect(page.Locator("h1")).ToHaveTextAsync($"{TaskTexts.What(TaskKind.Restart, say.Culture)}: balcao-1");
        await Ready.AnsweredAsync(page);
        var log = page.GetByRole(AriaRole.Log);
        await Expect(log.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(1);
        await walk.LookAsync("one");
        await walk.EnterAsync(flow.Button(say.CancelTask));
        await Expect(flow.Dialog).ToContainTextAsync(TaskTexts.CancelLeaves(console.World.Tasks.Find("t-1")!, say.Culture));
        await walk.LookAsync("cancel");

        // Meanwhile it has begun: the answer says so, and the page shows it.
        console.World.CancelRefused = ReasonCode.TaskBegun;
        await walk.EnterAsync(flow.Asked(say.CancelTask));
        await Expect(flow.Said).ToContainTextAsync(ReasonTexts.Sentence(ReasonCode.TaskBegun, say.Culture));
        console.World.Tell("t-1", TaskEvent.Step, "define", state: TaskState.Running);
        console.World.Tell("t-1", TaskEvent.Attempt, "define", new() { Code = ReasonCode.HostUnavailable, Detail = "anfitriao-a: connection refused" });
        await Expect(log.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(3);
        await Expect(log).ToContainTextAsync("anfitriao-a: connection refused");
        console.World.CancelRefused = null;
        console.World.Tell("t-1", TaskEvent.Done, "await_agent", state: TaskState.Done);
        await Expect(log.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(4);
        await Expect(flow.Button(say.CancelTask)).ToHaveCountAsync(0);
        await Expect(page.Locator(".states")).ToContainTextAsync(say.State(TaskState.Done));
        await walk.LookAsync("done");
        Assert.Contains("task t-1 after 3", console.World.Calls);   // only what was new was fetched

        await page.GotoAsync("/tasks/t-3");
        await Ready.PageAsync(page);
        await walk.ToAsync(flow.Button(say.CancelTask));
        await walk.LookAsync("import");
        await walk.EnterAsync(flow.Button(say.CancelTask));
        await walk.EnterAsync(flow.Asked(say.CancelTask));
        await Expect(page.Locator(".states")).ToContainTextAsync(say.State(TaskState.Cancelled));
        Assert.Contains("task-cancel t-3", console.World.Calls);
        walk.Ends();
    }

    [Fact]
    public async Task Failure_names_its_code_and_a_task_that_cannot_be_cancelled_its_way_out()
    {
        await using var console = await RunningConsole.StartAsync();
        var say = new Language(new("pt-PT"));
        var page = await chromium.OpenAsync(console, path: "/tasks/t-4");
        await Ready.PageAsync(page);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(ReasonTexts.Sentence(ReasonCode.ComputerDidNotWake, say.Culture));
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("COMPUTER_DID_NOT_WAKE");
        await page.GotoAsync("/tasks/t-2");
        await Ready.PageAsync(page);
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(TaskTexts.WayOut(console.World.Tasks.Find("t-2")!, say.Culture));
        await page.GotoAsync("/tasks/none");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(ReasonTexts.Sentence(ReasonCode.NotFound, say.Culture));
        await page.GotoAsync("/machines/m-balcao-1");
        await page.GetByRole(AriaRole.Link, new() { Name = say.ItsTasks }).ClickAsync();
        await Expect(page.Locator(".toolbar .count")).ToContainTextAsync("de 8");
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("balcao-1");
    }

    [Fact]
    public async Task Ten_thousand_tasks_are_watched_only_where_they_are_shown()
    {
        await using var console = await RunningConsole.StartAsync(world =>
        {
            FakeData.Fill(world);
            world.Tasks.Put([.. Enumerable.Range(1, 10_000).Select(i => new WorkTask { TaskId = $"x{i}", Kind = TaskKind.Refresh, State = TaskState.Done, ObjectKind = "machine", ObjectName = $"pc-{i}", Cause = TaskCause.LogOff, BeganAt = DateTimeOffset.UtcNow.AddMinutes(-i).ToTimestamp(), EndedAt = DateTimeOffset.UtcNow.ToTimestamp() })]);
        });
        var page = await chromium.OpenAsync(console, path: "/machines");
        await Ready.PageAsync(page);
        Assert.Equal(0, console.World.Tasks.Watchers);
        await page.GotoAsync("/tasks?q=pc-777");
        await Expect(page.Locator(".toolbar .count")).ToContainTextAsync("11 de 10");
        Assert.Equal(1, console.World.Tasks.Watchers);
        await Expect(page.Locator(".grid tbody tr:has-text('pc-777')")).ToHaveCountAsync(11);
        var saved = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Exportar CSV" }).ClickAsync());
        var csv = await File.ReadAllTextAsync((await saved.PathAsync())!, TestContext.Current.CancellationToken);
        Assert.Equal(12, csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("o fim de uma sessão", csv, StringComparison.Ordinal);
        await page.CloseAsync();
        await Ready.ThatAsync(() => console.World.Tasks.Watchers == 0, "no watch is left");
    }

    private static ILocator RowOf(IPage page, string name) => page.Locator($".grid tbody tr:has(a:text-is('{name}'))");
}
