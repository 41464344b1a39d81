using Dapper;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Machines;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Tasks;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using static Montalegre.Vdi.Broker.Tests.Identity.TestCalls;

namespace Montalegre.Vdi.Broker.Tests.Tasks;

/// <summary>The list of tasks on a whole broker that does not lead: what it does, the tests do by its own stores.</summary>
public sealed class TaskTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Arrange _rows = null!;
    private CallOptions _boss;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Contract.Tasks.TasksClient Tasks => new(_broker.Api());

    private OperationStore Operations => _broker.Services.GetRequiredService<OperationStore>();

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        _rows = new(_broker.Database.DataSource);
        await PersonAsync("rosa", administrator: true);
        _boss = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rosa", TestApi.Password));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task A_machines_making_is_told_line_by_line_and_outlives_the_machine()
    {
        var pool = await _rows.PoolAsync("floating");
        var (machine, operation) = (new MachineId(Guid.NewGuid()), new OperationId(Guid.NewGuid()));
        Assert.True(await new PoolStore(_broker.Database.DataSource).AddMachineAsync(pool, machine, 1, "balcao-1", new(pool.Value), "{}", operation, 23000));
        var waiting = await OneAsync(operation.Value);
        Assert.Equal((TaskKind.Provision, TaskState.Waiting, TaskCause.Pool, "balcao-1", true, false), (waiting.Kind, waiting.State, waiting.Cause, waiting.ObjectName, waiting.ObjectThere, waiting.CanCancel));

        var due = (await Operations.ClaimAsync(4))!;
        Assert.Equal(TaskState.Running, (await OneAsync(operation.Value)).State);
        await Operations.FailAsync(due, "No space left on device", RefusalReason.StorageFull, givesUp: false, OperationStep.Stop);
        var stuck = await OneAsync(operation.Value);
        Assert.Equal((TaskState.Waiting, "No space left on device", Montalegre.Vdi.Contracts.Common.V1.ReasonCode.StorageFull), (stuck.State, stuck.Trouble.Detail, stuck.Trouble.Code));

        await _rows.ExecuteAsync("update operation set next_attempt_at = now()", new { });
        await Operations.AdvanceAsync((await Operations.ClaimAsync(4))!, OperationStep.Overlay);
        Assert.Null((await OneAsync(operation.Value)).Trouble);
        Assert.True(await new MachineStore(_broker.Database.DataSource).RemoveAsync(machine, new(Guid.NewGuid()), "rui", "") is null);
        await Operations.RemoveMachineAsync(new() { MachineId = machine.Value });

        var details = await Tasks.GetAsync(new() { TaskId = $"{operation.Value}" }, _boss);
        Assert.Equal([TaskEvent.Began, TaskEvent.Attempt, TaskEvent.Step, TaskEvent.Turned, TaskEvent.Done], details.Lines.Select(l => l.Event));
        Assert.Equal(["stop", "stop", "overlay", "stop", ""], details.Lines.Select(l => l.Step));
        Assert.Equal((TaskKind.Delete, TaskState.Done, "rui", false), (details.Task.Kind, details.Task.State, details.Task.AskedBy, details.Task.ObjectThere));
        Assert.NotNull(details.Task.EndedAt);
        Assert.Equal([4u, 5u], (await Tasks.GetAsync(new() { TaskId = $"{operation.Value}", After = 3 }, _boss)).Lines.Select(l => l.Number));
    }

    [Fact]
    public async Task A_restart_is_cancelled_until_it_begins_and_the_machine_is_what_it_was()
    {
        var (machine, task) = await RestartAsync();
        var cancelled = await Tasks.CancelAsync(new() { TaskId = task }, _boss);
        Assert.Equal((TaskState.Cancelled, false, TaskEvent.Cancelled), (cancelled.State, cancelled.CanCancel, cancelled.LastLine.Event));
        Assert.Equal("available", await _rows.MachineStateAsync(machine));
        Assert.Null(await Operations.ClaimAsync(4));
        Assert.Equal(1, await _rows.AuditsAsync(machine.Value, "task.cancel"));
        Assert.Equal(TaskState.Cancelled, (await Tasks.CancelAsync(new() { TaskId = task }, _boss)).State);   // asked twice it is so, too

        var (begun, late) = await RestartAsync();
        Assert.NotNull(await Operations.ClaimAsync(4));
        Assert.False((await OneAsync(Guid.Parse(late))).CanCancel);
        Assert.Equal(("TASK_BEGUN", "stop"), await WhyNotAsync(late));
        await _rows.ExecuteAsync("update operation set claimed = false, attempts = 1 where operation_id = @id", new { id = Guid.Parse(late) });
        Assert.Equal(("TASK_BEGUN", "stop"), await WhyNotAsync(late));   // a second attempt is not the beginning
        await _rows.ExecuteAsync("update operation set state = 'done', ended_at = now() where operation_id = @id", new { id = Guid.Parse(late) });
        Assert.Equal(("TASK_OVER", "done"), await WhyNotAsync(late));
        Assert.Equal("provisioning", await _rows.MachineStateAsync(begun));
    }

    [Fact]
    public async Task What_somebody_left_is_thrown_away_whoever_cancels()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        await _rows.SessionAsync(machine, "active");
        var refresh = Guid.NewGuid();
        Assert.True(await new MachineStore(_broker.Database.DataSource).StartOverAsync(machine, OperationKind.Restart, new(refresh), "rosa", ""));
        Assert.Equal("refresh stop", await _rows.RunningAsync(machine));
        Assert.False((await OneAsync(refresh)).CanCancel);
        Assert.Equal("TASK_BEGUN", (await WhyNotAsync($"{refresh}")).Reason);
        Assert.Equal("provisioning", await _rows.MachineStateAsync(machine));

        var making = Guid.NewGuid();
        var pool = await _rows.PoolAsync("floating");
        await new PoolStore(_broker.Database.DataSource).AddMachineAsync(pool, new(Guid.NewGuid()), 1, "outra", new(pool.Value), "{}", new(making), 23000);
        Assert.Equal(("TASK_NOT_CANCELLABLE", "provision"), await WhyNotAsync($"{making}"));
        Assert.Equal("NOT_FOUND", (await WhyNotAsync($"{Guid.NewGuid()}")).Reason);
    }

    [Fact]
    public async Task A_restart_of_a_persons_own_machine_with_a_session_goes_back_to_him()
    {
        var machine = await _rows.MachineAsync("dedicated", "available");
        await _rows.SessionAsync(machine, "active");
        await _rows.ExecuteAsync("update machine set assigned_user_id = (select user_id from session where machine_id = @id) where machine_id = @id", new { id = machine.Value });
        var refresh = Guid.NewGuid();
        Assert.True(await new MachineStore(_broker.Database.DataSource).StartOverAsync(machine, OperationKind.Refresh, new(refresh), "rosa", ""));
        Assert.Equal(TaskState.Cancelled, (await Tasks.CancelAsync(new() { TaskId = $"{refresh}" }, _boss)).State);
        Assert.Equal("unreachable", await _rows.MachineStateAsync(machine));   // its agent is not connected here
    }

    [Fact]
    public async Task Of_cancelling_and_beginning_exactly_one_wins()
    {
        var (begun, cancelled) = (0, 0);
        for (var round = 0; round < 40; round++)
        {
            var (machine, task) = await RestartAsync();
            var claiming = Task.Run(() => Operations.ClaimAsync(4), Ct);
            var cancelling = Task.Run(() => _broker.Services.GetRequiredService<TaskStore>().CancelOperationAsync(Guid.Parse(task), TestApi.By), Ct);
            var (claimed, stopped) = (await claiming is not null, await cancelling);
            Assert.True(claimed != stopped, $"round {round}: begun {claimed}, cancelled {stopped}");
            Assert.Equal(claimed ? "provisioning" : "available", await _rows.MachineStateAsync(machine));
            Assert.Equal(claimed ? TaskState.Running : TaskState.Cancelled, (await OneAsync(Guid.Parse(task))).State);
            _ = claimed ? begun++ : cancelled++;
            await _rows.ExecuteAsync("update operation set state = 'done', ended_at = now() where state = 'running'", new { });
        }
        Assert.Equal(40, begun + cancelled);
    }

    [Fact]
    public async Task Of_cancelling_a_wake_and_its_end_exactly_one_wins()
    {
        var wakes = _broker.Services.GetRequiredService<WakeStore>();
        for (var round = 0; round < 20; round++)
        {
            var machine = await _rows.MachineAsync("manual", "unreachable");
            await wakes.SetAsync(machine, [new("02:00:00:00:00:01", null, 9, false)], TestApi.By);
            Assert.Null(await wakes.WakeAsync(machine, TimeSpan.FromMinutes(1), TestApi.By));
            var task = await _rows.ScalarAsync<Guid>("select operation_id from operation where machine_id = @id", machine.Value);
            Assert.True((await OneAsync(task)).CanCancel);
            await _rows.ExecuteAsync("update operation set deadline = now() where operation_id = @task", new { task });
            var ending = Task.Run(() => wakes.CountAsync(new(task), TimeSpan.FromSeconds(1), "It did not wake."), Ct);
            var cancelling = Task.Run(() => _broker.Services.GetRequiredService<TaskStore>().CancelOperationAsync(task, TestApi.By), Ct);
            await ending;
            Assert.Equal(await cancelling ? TaskState.Cancelled : TaskState.Failed, (await OneAsync(task)).State);
            Assert.Equal("unreachable", await _rows.MachineStateAsync(machine));
            Assert.Equal(1, (await Tasks.GetAsync(new() { TaskId = $"{task}" }, _boss)).Lines.Count(l => l.Event is TaskEvent.Cancelled or TaskEvent.Failed));
        }
    }

    [Fact]
    public async Task An_import_is_cancelled_by_whoever_may_import_and_too_late_it_says_so()
    {
        var imports = _broker.Services.GetRequiredService<ImportStore>();
        async Task<Guid> BeginAsync()
        {
            var import = new ImportRow { ImageImportId = Guid.NewGuid(), Kind = "upload", Name = "debian", Source = "debian.qcow2", SizeBytes = 10, State = "receiving", Holder = "casa", CreatedBy = "rosa" };
            Assert.True(await imports.AddAsync(import, 100, TestApi.By));
            return import.ImageImportId;
        }
        var first = await BeginAsync();
        Assert.True(await imports.BeginWorkAsync(first));
        Assert.True(await imports.ReportAsync(first, Montalegre.Vdi.Broker.Images.ImportStep.Convert, 40));
        var half = await OneAsync(first);
        Assert.Equal((TaskKind.Import, TaskState.Running, "convert", 40u, "rosa", true), (half.Kind, half.State, half.Step, half.Percent, half.AskedBy, half.CanCancel));

        await PersonAsync("rui");
        await new Roles.RolesClient(_broker.Api()).GrantAsync(new() { UserName = "rui", Role = "help_desk" }, _boss);
        var rui = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rui", TestApi.Password));
        Assert.Equal(("PERMISSION_MISSING", "images.manage"), await WhyNotAsync($"{first}", rui));
        Assert.Equal(TaskState.Cancelled, (await Tasks.CancelAsync(new() { TaskId = $"{first}" }, _boss)).State);
        Assert.False(await imports.ReportAsync(first, Montalegre.Vdi.Broker.Images.ImportStep.Seal, 1));
        Assert.Equal(["receive", "hash", "convert", "convert"], (await Tasks.GetAsync(new() { TaskId = $"{first}" }, _boss)).Lines.Select(l => l.Step));

        var second = await BeginAsync();
        Assert.True(await imports.EndAsync(second, Montalegre.Vdi.Broker.Images.ImportState.Failed, RefusalReason.ImageRefused, "no disk", "broker", ""));
        Assert.Equal(("TASK_OVER", "failed"), await WhyNotAsync($"{second}"));
        Assert.Equal(Montalegre.Vdi.Contracts.Common.V1.ReasonCode.ImageRefused, (await OneAsync(second)).Trouble.Code);
    }

    [Fact]
    public async Task Lists_are_cut_by_what_is_asked_for_and_by_what_the_caller_may_see()
    {
        var (mine, other) = (await _rows.PoolAsync("floating"), await _rows.PoolAsync("floating"));
        var (here, there) = (await _rows.MachineAsync(mine, "available"), await _rows.MachineAsync(other, "available"));
        await _rows.OperationAsync(here, "refresh", "stop");
        await _rows.OperationAsync(there, "refresh", "stop");
        await _rows.ExecuteAsync("update operation set state = 'failed', reason = 'AgentSilent', error = 'x', ended_at = now() where machine_id = @id", new { id = here.Value });
        await _rows.ExecuteAsync(
            """
            insert into task (task_id, kind, object_kind, object_id, object_name, pool_id, state, began_at, ended_at)
                 select gen_random_uuid(), 'restart', 'machine', gen_random_uuid(), 'm-' || n, @pool, 'done', now() - n * interval '1 second', now() from generate_series(1, 10000) n
            """, new { pool = mine.Value });

        Assert.Equal("here", (await Tasks.ListAsync(new() { MachineId = $"{here.Value}" }, _boss)).Tasks.Select(_ => "here").Single());
        Assert.Equal([TaskState.Failed], (await Tasks.ListAsync(new() { States = { Contract.TaskState.Failed } }, _boss)).Tasks.Select(t => t.State));
        Assert.All((await Tasks.ListAsync(new() { Kinds = { TaskKind.Refresh } }, _boss)).Tasks, t => Assert.Equal(TaskKind.Refresh, t.Kind));
        Assert.Equal("INVALID_FIELD", (await Assert.ThrowsAsync<RpcException>(async () => await Tasks.ListAsync(new() { States = { (Contract.TaskState)77 } }, _boss))).Trailers.GetValue("reason"));

        // Page by page, nothing twice and nothing left out.
        var (seen, before) = (new HashSet<string>(), "");
        while ((await Tasks.ListAsync(new() { Kinds = { TaskKind.Restart }, Limit = 500, Before = before }, _boss)).Tasks is { Count: > 0 } page)
        {
            Assert.All(page, t => Assert.True(seen.Add(t.TaskId)));
            before = page[^1].TaskId;
        }
        Assert.Equal(10_000, seen.Count);

        await PersonAsync("rui");
        await new Roles.RolesClient(_broker.Api()).GrantAsync(new() { UserName = "rui", Role = "pool_operator", ScopePoolId = $"{other.Value}" }, _boss);
        var rui = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rui", TestApi.Password));
        Assert.Equal([$"{there.Value}"], (await Tasks.ListAsync(new(), rui)).Tasks.Select(t => t.ObjectId));
        using var watch = Tasks.Watch(new(), rui.WithDeadline(DateTime.UtcNow.AddMinutes(5)));
        Assert.Equal([$"{there.Value}"], (await NextAsync(watch)).Snapshot.Tasks.Select(t => t.ObjectId));
        await _rows.ExecuteAsync("update operation set step = 'overlay' where machine_id = @id", new { id = there.Value });
        var told = await NextAsync(watch, u => u.Changes?.Changed.Any(t => t.Step == "overlay") is true, u => u.Changes is { Removed.Count: 0, Changed: var once } && once.All(t => t.ObjectId == $"{there.Value}"));
        var changed = Assert.Single(told.Changes.Changed);
        Assert.Equal(("overlay", TaskEvent.Step, 2u), (changed.Step, changed.LastLine.Event, changed.LastLine.Number));

        using var all = Tasks.Watch(new(), _boss.WithDeadline(DateTime.UtcNow.AddMinutes(5)));
        var first = (await NextAsync(all)).Snapshot.Tasks;
        Assert.Equal(10_000, first.Count);   // what is under way comes before what has ended
        Assert.Contains(first, t => t.ObjectId == $"{there.Value}");
    }

    [Fact]
    public async Task A_rollout_is_a_task_that_halts_and_says_why_it_waits()
    {
        var pool = await _rows.PoolAsync("floating");
        await _rows.MachineAsync(pool, "available");
        var version = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into image_version (image_version_id, name, number, state, path) values (@version, 'debian', 9, 'ready', '/nowhere')", new { version });
        var rollouts = new Contract.Rollouts.RolloutsClient(_broker.Api());
        var rollout = await rollouts.StartAsync(new() { PoolId = $"{pool.Value}", ImageVersionId = $"{version}" }, _boss);
        var task = await OneAsync(Guid.Parse(rollout.RolloutId));
        Assert.Equal((TaskKind.Rollout, TaskState.Running, "rosa", true, 0u), (task.Kind, task.State, task.AskedBy, task.CanCancel, task.Percent));
        await _rows.ExecuteAsync("update rollout set waiting_reason = 'RolloutNoGateway'", new { });
        Assert.Equal(Montalegre.Vdi.Contracts.Common.V1.ReasonCode.RolloutNoGateway, (await OneAsync(Guid.Parse(rollout.RolloutId))).Trouble.Code);

        Assert.Equal(TaskState.Waiting, (await Tasks.CancelAsync(new() { TaskId = rollout.RolloutId }, _boss)).State);
        Assert.Equal(Contract.RolloutState.Halted, (await rollouts.GetAsync(new() { RolloutId = rollout.RolloutId }, _boss)).State);
        await rollouts.RollBackAsync(new() { RolloutId = rollout.RolloutId }, _boss);
        Assert.Equal("TASK_NOT_CANCELLABLE", (await WhyNotAsync(rollout.RolloutId)).Reason);
        Assert.Equal([TaskEvent.Began, TaskEvent.Waits, TaskEvent.Step, TaskEvent.Step], (await Tasks.GetAsync(new() { TaskId = rollout.RolloutId }, _boss)).Lines.Select(l => l.Event));
    }

    [Fact]
    public async Task Lines_are_bounded_old_tasks_are_forgotten_and_who_is_erased_has_asked_for_nothing()
    {
        var (machine, text) = await RestartAsync();
        var task = Guid.Parse(text);
        for (var attempt = 1; attempt <= 230; attempt++) await _rows.ExecuteAsync("update operation set attempts = @attempt, error = 'x' where operation_id = @task", new { attempt, task });
        var details = await Tasks.GetAsync(new() { TaskId = text }, _boss);
        Assert.Equal((200, 32u, 231u), (details.Lines.Count, details.Lines[0].Number, details.Task.Lines));

        var user = await PersonAsync("rui");
        await _rows.ExecuteAsync("update app_user set enabled = false where user_name = 'rui'; update operation set asked_by = 'rui' where operation_id = @task; update operation set state = 'done', ended_at = now() where operation_id = @task", new { task });
        Assert.Equal("rui", (await OneAsync(task)).AskedBy);
        Assert.Null((await _broker.Services.GetRequiredService<ErasePerson>().RunAsync("rui", TestApi.By)).Refused);
        var erased = await OneAsync(task);
        Assert.Equal(("-", TaskState.Done), (erased.AskedBy, erased.State));

        var store = _broker.Services.GetRequiredService<TaskStore>();
        Assert.Equal(0, await store.ForgetAsync(TimeSpan.FromDays(30), Ct));
        await _rows.ExecuteAsync("update task set ended_at = now() - interval '31 days' where task_id = @task", new { task });
        Assert.Equal(1, await store.ForgetAsync(TimeSpan.FromDays(30), Ct));
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::int from task_line where task_id = @id", task));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::int from operation where machine_id = @id", machine.Value));   // a machine's last one stays
    }

    [Fact]
    public async Task A_host_that_is_emptied_is_a_task_until_its_last_machine_is_gone()
    {
        var pool = await _rows.PoolAsync("floating");
        var machine = await _rows.MachineAsync(pool, "available");
        await _rows.ExecuteAsync("update machine set host_id = @host where machine_id = @id", new { host = pool.Value, id = machine.Value });
        await new Contract.Infrastructure.InfrastructureClient(_broker.Api()).SetHostStateAsync(new() { HostId = $"{pool.Value}", State = Contract.HostState.Maintenance }, _boss);
        var task = Assert.Single((await Tasks.ListAsync(new() { Kinds = { TaskKind.Drain } }, _boss)).Tasks);
        Assert.Equal((TaskState.Running, "rosa", $"{pool.Value}", false), (task.State, task.AskedBy, task.ObjectId, task.CanCancel));
        Assert.Equal("TASK_NOT_CANCELLABLE", (await WhyNotAsync(task.TaskId)).Reason);
        await _rows.ExecuteAsync("delete from machine where machine_id = @id", new { id = machine.Value });
        Assert.Equal(TaskState.Done, (await OneAsync(Guid.Parse(task.TaskId))).State);
    }

    // A free machine with its agent there, and somebody who asked for a restart.
    private async Task<(MachineId Machine, string Task)> RestartAsync()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        await _rows.ExecuteAsync("insert into machine_agent (machine_id, connected) values (@id, true)", new { id = machine.Value });
        await new Contract.Machines.MachinesClient(_broker.Api()).RestartAsync(new() { MachineId = $"{machine.Value}" }, _boss);
        var task = await _rows.ScalarAsync<Guid>("select operation_id from operation where machine_id = @id and state = 'running'", machine.Value);
        Assert.True((await OneAsync(task)).CanCancel);
        return (machine, $"{task}");
    }

    private async Task<Person> PersonAsync(string name, bool administrator = false) =>
        (await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new(Guid.CreateVersion7()), name, name, true, administrator), (await _broker.Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password))!, TestApi.By))!;

    private async Task<WorkTask> OneAsync(Guid task) => (await Tasks.GetAsync(new() { TaskId = $"{task}" }, _boss)).Task;

    private async Task<(string? Reason, string? Detail)> WhyNotAsync(string task, CallOptions? by = null)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await Tasks.CancelAsync(new() { TaskId = task }, by ?? _boss));
        return (refused.Trailers.GetValue("reason"), refused.Trailers.GetValue("reason-detail"));
    }
}
