using Dapper;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>The journal at every point at which a broker may be killed: between claiming, acting and recording.</summary>
public sealed class OperationJournalTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly OperationStore _operations = new(database.DataSource);
    private readonly PoolStore _pools = new(database.DataSource);
    private readonly Arrange _arrange = new(database.DataSource);

    // Tests of this class claim from one journal, so each starts with an empty one.
    public async ValueTask InitializeAsync() => await ExecuteAsync("delete from operation", new { });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    private async Task<T?> ScalarAsync<T>(string sql, object parameters)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    private async Task<MachineId> WantedAsync(PoolId pool, int ordinal = 1)
    {
        var machine = new MachineId(Guid.NewGuid());
        Assert.True(await _pools.AddMachineAsync(pool, machine, ordinal, $"m-{machine.Value:N}", new(pool.Value), "{}", new(Guid.NewGuid()), 23000));
        return machine;
    }

    [Fact]
    public async Task A_machine_and_the_operation_that_makes_it_are_recorded_together()
    {
        var machine = await WantedAsync(await _arrange.PoolAsync("floating"));
        Assert.Equal(1, await ScalarAsync<long>("select count(*) from operation where machine_id = @m and kind = 'provision' and step = 'stop'", new { m = machine.Value }));
        Assert.Equal("provisioning", await ScalarAsync<string>("select state from machine where machine_id = @m", new { m = machine.Value }));
    }

    [Fact]
    public async Task Two_leaders_that_add_the_same_ordinal_add_one_machine()
    {
        var pool = await _arrange.PoolAsync("floating");
        var added = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => _pools.AddMachineAsync(pool, new(Guid.NewGuid()), 1, $"x-{Guid.NewGuid():N}", new(pool.Value), "{}", new(Guid.NewGuid()), 23000)));
        Assert.Single(added, a => a);
    }

    [Fact]
    public async Task Machines_of_one_host_get_different_forwarded_ports()
    {
        var pool = await _arrange.PoolAsync("floating");
        for (var n = 1; n <= 5; n++) await WantedAsync(pool, n);
        Assert.Equal(5, await ScalarAsync<long>("select count(distinct port) from machine where pool_id = @p", new { p = pool.Value }));
    }

    [Fact]
    public async Task An_operation_is_claimed_once_and_again_when_its_runner_was_killed()
    {
        var machine = await WantedAsync(await _arrange.PoolAsync("floating"));
        var claims = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _operations.ClaimAsync(4)));
        Assert.Single(claims.OfType<DueOperation>());

        await _operations.TakeOverAsync();   // the new leader after the kill
        Assert.Equal(machine.Value, (await _operations.ClaimAsync(4))?.MachineId);
    }

    [Fact]
    public async Task Killed_after_acting_and_before_recording_the_same_step_is_taken_again()
    {
        await WantedAsync(await _arrange.PoolAsync("floating"));
        var first = (await _operations.ClaimAsync(4))!;
        await _operations.TakeOverAsync();
        var again = (await _operations.ClaimAsync(4))!;
        Assert.Equal((first.OperationId, first.Step, first.Generation), (again.OperationId, again.Step, again.Generation));
    }

    [Fact]
    public async Task A_late_runner_cannot_move_an_operation_that_has_gone_on()
    {
        await WantedAsync(await _arrange.PoolAsync("floating"));
        var late = (await _operations.ClaimAsync(4))!;
        Assert.True(await _operations.AdvanceAsync(late, OperationStep.Overlay));
        Assert.False(await _operations.AdvanceAsync(late, OperationStep.Overlay));
        Assert.Equal(1, await ScalarAsync<int>("select generation from machine where machine_id = @m", new { m = late.MachineId }));
    }

    [Fact]
    public async Task A_host_starts_no_more_machines_at_once_than_it_may()
    {
        var pool = await _arrange.PoolAsync("floating");
        for (var n = 1; n <= 4; n++) await WantedAsync(pool, n);
        await ExecuteAsync("update operation set step = 'start'", new { });
        Assert.NotNull(await _operations.ClaimAsync(2));
        Assert.NotNull(await _operations.ClaimAsync(2));
        Assert.Null(await _operations.ClaimAsync(2));
    }

    [Fact]
    public async Task An_error_keeps_its_sentence_and_slows_down_and_after_four_the_machine_is_faulted()
    {
        var machine = await WantedAsync(await _arrange.PoolAsync("floating"));
        for (var attempt = 1; attempt <= OperationPlan.MostAttempts; attempt++)
        {
            await _operations.TakeOverAsync();
            await ExecuteAsync("update pool set creation_held_until = now()", new { });
            var due = (await _operations.ClaimAsync(4))!;
            Assert.Equal(attempt - 1, due.Attempts);
            await _operations.FailAsync(due, "No space left on device", RefusalReason.StorageFull, OperationPlan.GivesUp(attempt), due.StepOf);
            Assert.Equal(OperationPlan.BackOff(attempt), await ScalarAsync<TimeSpan>("select next_attempt_at - step_since from operation where operation_id = @o", new { o = due.OperationId }));
            await ExecuteAsync("update operation set next_attempt_at = next_attempt_at + interval '1 hour'", new { });   // a slow test outlives it
            Assert.Null(await _operations.ClaimAsync(4));
        }
        Assert.Equal("faulted", await ScalarAsync<string>("select state from machine where machine_id = @m", new { m = machine.Value }));
        Assert.Equal("StorageFull", await ScalarAsync<string>("select reason from operation where machine_id = @m", new { m = machine.Value }));
        Assert.Equal(1, await ScalarAsync<long>("select count(*) from audit_event where object_id = @m and action = 'machine.faulted'", new { m = machine.Value }));
    }

    [Theory]
    [InlineData(true, "restart", "restart")]
    [InlineData(true, "refresh", "refresh")]
    [InlineData(false, "restart", "refresh")]
    public async Task A_faulted_machine_is_tried_again_and_a_persons_own_keeps_its_disk(bool isOwn, string failed, string again)
    {
        var machine = await _arrange.MachineAsync("dedicated", "faulted");
        await ExecuteAsync(
            """
            insert into app_user (user_id, user_name, display_name) values (@m, @m::text, 'Ana');
            update machine set state_since = now() - interval '1 hour', assigned_user_id = case when @isOwn then @m end where machine_id = @m;
            insert into operation (operation_id, kind, machine_id, step, state, ended_at) values (gen_random_uuid(), @failed, @m, 'start', 'failed', now());
            """, new { m = machine.Value, isOwn, failed });
        await _operations.RetryFaultedAsync(TimeSpan.FromMinutes(5), CancellationToken.None);
        Assert.Equal(again, await ScalarAsync<string>("select kind from operation where machine_id = @m and state = 'running'", new { m = machine.Value }));
    }

    [Fact]
    public async Task A_machine_that_somebody_took_meanwhile_is_not_let_go()
    {
        var machine = await _arrange.MachineAsync("floating", "available");
        await _arrange.SessionAsync(machine, "pending");
        Assert.False(await _pools.ReleaseMachineAsync(machine, new(Guid.NewGuid())));
    }
}
