using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Machines;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Machines;

public sealed class AssignmentTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly AssignmentStore _store = new(database.DataSource);
    private readonly MachineStore _machines = new(database.DataSource);
    private readonly LaunchStore _launch = new(database.DataSource);
    private readonly Arrange _rows = new(database.DataSource);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Machine_that_IT_bound_beforehand_is_the_one_the_person_gets_and_nobody_else()
    {
        var pool = await _rows.PoolAsync("dedicated");
        var (own, person) = (await _rows.MachineAsync(pool, "available"), await EntitledAsync(pool));
        var other = await EntitledAsync(pool);

        Assert.Null(await AssignAsync(own, person));

        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide((await _launch.TryAsync(Attempt(other.User, pool))).Facts));
        Assert.Equal(own, (await _launch.TryAsync(Attempt(person.User, pool))).Facts.Machine);
        Assert.Equal(1, await _rows.AuditsAsync(own.Value, "machine.assign"));
    }

    [Fact]
    public async Task What_cannot_be_assigned_is_refused_with_its_reason()
    {
        var pool = await _rows.PoolAsync("dedicated");
        var (free, second, taken) = (await _rows.MachineAsync(pool, "available"), await _rows.MachineAsync(pool, "available"), await _rows.MachineAsync(pool, "available"));
        var (person, stranger) = (await EntitledAsync(pool), await _rows.UserAsync());
        await _rows.SessionAsync(taken, "active", "c1");
        var floating = await _rows.PoolAsync("floating");
        var rented = await _rows.MachineAsync(floating, "available");
        var renter = await EntitledAsync(floating);

        Assert.Equal(RefusalReason.NotFound, await _store.AssignAsync(free, "nobody", "rosa", ""));
        Assert.Equal(RefusalReason.NotEntitled, await _store.AssignAsync(free, $"u{stranger.Value:N}", "rosa", ""));
        Assert.Equal(RefusalReason.NotAssignable, await AssignAsync(taken, person));
        Assert.Equal(RefusalReason.NotAssignable, await AssignAsync(rented, renter));
        Assert.Null(await AssignAsync(free, person));
        Assert.Equal(RefusalReason.NotAssignable, await AssignAsync(second, person));                       // one for each person
        Assert.Equal(RefusalReason.NotAssignable, await AssignAsync(free, await EntitledAsync(pool)));      // it is somebody's
    }

    [Fact]
    public async Task Own_machine_is_kept_at_logoff_and_taken_back_only_without_a_session_and_with_a_fresh_disk()
    {
        var pool = await _rows.PoolAsync("dedicated");
        var (machine, person) = (await _rows.MachineAsync(pool, "available"), await EntitledAsync(pool));
        await AssignAsync(machine, person);
        var session = (await _launch.TryAsync(Attempt(person.User, pool))).Facts.OpenedSession!.Value;

        Assert.Equal(RefusalReason.InUse, await _store.UnassignAsync(machine, new(Guid.NewGuid()), "rosa", ""));
        await new EndSession(new SessionStore(database.DataSource), TimeProvider.System, NullLogger<EndSession>.Instance).RunAsync(new(session, SessionEnd.LoggedOff, "test"));
        Assert.Equal(("available", null), (await _rows.MachineStateAsync(machine), await _rows.RunningAsync(machine)));
        Assert.Null(await _store.UnassignAsync(machine, new(Guid.NewGuid()), "rosa", ""));

        Assert.Equal(("provisioning", "refresh stop"), (await _rows.MachineStateAsync(machine), await _rows.RunningAsync(machine)));
        Assert.Equal(RefusalReason.NotFound, await _store.UnassignAsync(machine, new(Guid.NewGuid()), "rosa", ""));
    }

    [Theory]
    [InlineData("update app_user set enabled = false where user_id = @id")]
    [InlineData("delete from entitlement where user_id = @id")]
    public async Task Machine_of_somebody_who_is_disabled_or_not_entitled_any_more_is_listed_as_orphaned(string change)
    {
        var pool = await _rows.PoolAsync("dedicated");
        var (machine, person) = (await _rows.MachineAsync(pool, "available"), await EntitledAsync(pool));
        await AssignAsync(machine, person);
        Assert.False(Assert.Single(await _machines.OfPoolAsync(pool, Ct)).Orphaned);

        await _rows.ExecuteAsync(change, new { id = person.User.Value });

        var row = Assert.Single(await _machines.OfPoolAsync(pool, Ct));
        Assert.Equal((true, person.Name), (row.Orphaned, row.AssignedUser));
    }

    private Task<RefusalReason?> AssignAsync(MachineId machine, (UserId User, string Name) person) => _store.AssignAsync(machine, person.Name, "rosa", "192.0.2.1");

    private static LaunchAttempt Attempt(UserId user, PoolId pool) => new(
        new(Guid.NewGuid()), user, pool, "127.0.0.1", new(Guid.NewGuid()), RandomNumberGenerator.GetBytes(32), TimeSpan.FromSeconds(30), Random.Shared.Next());

    private async Task<(UserId User, string Name)> EntitledAsync(PoolId pool)
    {
        var user = await _rows.UserAsync();
        await _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = pool.Value, user = user.Value });
        return (user, $"u{user.Value:N}");
    }
}
