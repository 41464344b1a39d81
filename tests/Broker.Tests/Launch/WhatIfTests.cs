using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Pools;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Spare = Montalegre.Vdi.Domain.Spare;

namespace Montalegre.Vdi.Broker.Tests.Launch;

/// <summary>Who would have waited, from sessions as they are recorded.</summary>
public sealed class WhatIfTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly Arrange _rows = new(database.DataSource);
    private readonly DateTime _minute = new(DateTime.UtcNow.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, DateTimeKind.Utc);   // one for all stays, also when the next begins meanwhile
    private readonly WhatIf _whatIf = new(new(database.DataSource, database.Owner), Options.Create(new ProvisioningOptions()));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_sessions_at_once_wait_with_one_spare_machine_and_not_with_three()
    {
        var pool = await _rows.PoolAsync("floating");
        await _rows.ExecuteAsync("update pool set size = 6, spare = 3 where pool_id = @id", new { id = pool.Value });
        await _rows.ExecuteAsync("insert into machine_start (pool_id, machine_id, asked_at, powered_on_at, ended_at, reported) values (@id, @id, now() - interval '40 s', now() - interval '30 s', now(), true)", new { id = pool.Value });
        for (var n = 0; n < 3; n++) await StayAsync(pool, "3 hours", "1 hour");
        await StayAsync(pool, "9 days", "1 hour");   // before the days that are asked about

        var answer = await _whatIf.RunAsync(pool, null, Spare.Machines(1), null, 7, Ct);

        Assert.Equal((3, 0), (answer.AsIs.Arrivals, answer.AsIs.Waits.Count));
        Assert.Equal((3, 2, TimeSpan.FromSeconds(30)), (answer.Changed.Arrivals, answer.Changed.Waits.Count, answer.Changed.LongestWait));
        Assert.True(answer.StartMeasured);
        Assert.All(answer.Changed.Waits, w => Assert.True(w.Served));
        Assert.Equal(4, (await _whatIf.RunAsync(pool, 1, null, null, 30, Ct)).Changed.Arrivals);
    }

    [Fact]
    public async Task Owners_find_their_machine_and_newcomers_wait_for_what_is_left()
    {
        var pool = await _rows.PoolAsync("dedicated");
        await _rows.ExecuteAsync("update pool set size = 3, spare = 0 where pool_id = @id", new { id = pool.Value });
        var owner = await StayAsync(pool, "20 days", "1 hour");
        await StayAsync(pool, "3 hours", "1 hour", owner);
        var machine = await _rows.MachineAsync(pool, "available");
        await _rows.ExecuteAsync("update machine set assigned_user_id = @owner where machine_id = @machine", new { owner = owner.Value, machine = machine.Value });
        var newcomer = await StayAsync(pool, "3 hours", "1 hour");
        await StayAsync(pool, "1 hour", "10 minutes", newcomer);      // has one by then
        await StayAsync(pool, "30 minutes", "10 minutes");

        var asIs = (await _whatIf.RunAsync(pool, 2, null, null, 7, Ct));

        Assert.Equal((4, 2), (asIs.AsIs.Arrivals, asIs.AsIs.Waits.Count));
        Assert.All(asIs.AsIs.Waits, w => Assert.True(w.Served));
        Assert.Equal([true, false], asIs.Changed.Waits.Select(w => w.Served));   // two machines are two people's for good
    }

    [Fact]
    public async Task Computers_of_a_manual_pool_are_as_many_as_are_asked_about()
    {
        var pool = await _rows.PoolAsync("manual");
        for (var n = 0; n < 2; n++) await _rows.MachineAsync(pool, "available", manual: true);
        await StayAsync(pool, "3 hours", "1 hour");
        await StayAsync(pool, "3 hours", "2 hours");
        await StayAsync(pool, "150 minutes", "20 minutes");

        var answer = await _whatIf.RunAsync(pool, 3, null, null, 7, Ct);

        Assert.Equal((2, TimeSpan.FromMinutes(30), RefusalReason.PoolFull), (answer.AsIs.MostMachines, Assert.Single(answer.AsIs.Waits).Wait, answer.AsIs.Waits[0].Told.Reason));
        Assert.Equal((3, 0), (answer.Changed.MostMachines, answer.Changed.Waits.Count));
    }

    [Theory]
    [InlineData("breadth")]
    [InlineData("depth")]
    public async Task Seats_are_what_people_wait_for_where_machines_are_shared(string distribution)
    {
        var pool = await _rows.SharedPoolAsync(2, distribution);
        await _rows.ExecuteAsync("update pool set size = 2, spare = 1 where pool_id = @id", new { id = pool.Value });
        for (var n = 0; n < 5; n++) await StayAsync(pool, "3 hours", "1 hour");

        var answer = await _whatIf.RunAsync(pool, null, null, 3, 7, Ct);

        Assert.Equal((5, 3, 2), (answer.AsIs.Arrivals, answer.AsIs.Waits.Count, answer.AsIs.MostMachines));
        Assert.Equal([TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)], answer.AsIs.Waits.Select(w => w.Wait));
        Assert.Equal(2, answer.Changed.Waits.Count);
        Assert.Equal(TimeSpan.FromMinutes(1), answer.Changed.LongestWait);
    }

    [Fact]
    public async Task Seats_of_machines_that_are_not_shared_and_pools_that_are_not_there_are_refused()
    {
        var pool = await _rows.PoolAsync("floating");

        await Assert.ThrowsAsync<RpcException>(() => _whatIf.RunAsync(pool, null, null, 3, 7, Ct));
        await Assert.ThrowsAsync<RpcException>(() => _whatIf.RunAsync(new(Guid.NewGuid()), 3, null, null, 7, Ct));
    }

    [Fact]
    public async Task Pool_that_is_not_made_yet_meets_the_arrivals_of_others()
    {
        var (first, second, empty) = (await _rows.PoolAsync("floating"), await _rows.PoolAsync("dedicated"), await _rows.PoolAsync("floating"));
        await _rows.ExecuteAsync("insert into machine_start (pool_id, machine_id, asked_at, powered_on_at, ended_at, reported) values (@id, @id, now() - interval '40 s', now() - interval '30 s', now(), true)", new { id = first.Value });
        for (var n = 0; n < 2; n++) await StayAsync(first, "3 hours", "1 hour");
        await StayAsync(second, "3 hours", "1 hour");
        var draft = new CreatePoolRequest { Name = "Nova", Kind = Contracts.Admin.V1.PoolKind.Floating, Size = 2, ImageVersionId = Guid.NewGuid().ToString(), MachineNamePattern = "nova-{n}", HostIds = { Guid.NewGuid().ToString(), Guid.NewGuid().ToString() } };
        Task<WhatIfNewAnswer> AskAsync(params Guid[]? like) => _whatIf.RunNewAsync(PoolContract.Read(draft, new(Guid.Empty)), like, 7, Ct);

        var both = await AskAsync(first.Value, second.Value);
        Assert.Equal((3, 3, 2, 2, true, 8), (both.People, both.Outcome.Arrivals, both.Pools, both.Outcome.MostMachines, both.StartMeasured, both.StartsAtOnce));
        Assert.True(Assert.Single(both.Outcome.Waits).Wait >= TimeSpan.FromHours(1));   // two machines, three people for an hour
        Assert.Equal((TimeSpan.FromSeconds(30), 0), ((await AskAsync(first.Value)).Start, (await AskAsync(first.Value)).Outcome.Waits.Count));
        Assert.False((await AskAsync(second.Value)).StartMeasured);
        Assert.True((await AskAsync(null)).People >= 3);
        Assert.Equal((0, 0, 0), await AskAsync(empty.Value) is var none ? (none.People, none.Pools, none.Outcome.Arrivals) : default);

        (draft.Kind, draft.Size, draft.Sharing) = (Contracts.Admin.V1.PoolKind.MultiSession, 1, new() { SessionsPerMachine = 3 });
        Assert.Empty((await AskAsync(first.Value, second.Value)).Outcome.Waits);
    }

    private async Task<UserId> StayAsync(PoolId pool, string ago, string stay, UserId? of = null)
    {
        var user = of ?? await _rows.UserAsync();
        await _rows.ExecuteAsync("""
            insert into session (session_id, request_id, user_id, pool_id, machine_id, state, started_at, ended_at)
                 values (gen_random_uuid(), gen_random_uuid(), @user, @pool, gen_random_uuid(), 'ended', @minute - @ago::interval, @minute - @ago::interval + @stay::interval)
            """, new { user = user.Value, pool = pool.Value, ago, stay, minute = _minute });
        return user;
    }
}
