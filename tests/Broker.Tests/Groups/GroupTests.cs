using System.Security.Cryptography;
using Grpc.Core;
using Montalegre.Vdi.Broker.Entitlements;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using Placement = Montalegre.Vdi.Domain.Placement;

namespace Montalegre.Vdi.Broker.Tests.Groups;

public sealed class GroupTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly LaunchStore _store = new(database.DataSource);
    private readonly Arrange _rows = new(database.DataSource);

    [Fact]
    public async Task Member_of_an_entitled_group_is_offered_the_desktop_and_gets_it_and_loses_both_with_the_group()
    {
        await using var api = await TestApi.StartAsync(database);
        var (member, stranger) = (await _rows.UserAsync(), await _rows.UserAsync());
        var (pool, group) = (await PoolAsync(3), await GroupAsync(member));
        await api.Get<EntitleGroup>().RunAsync(pool, group, entitled: true, TestApi.By);
        await _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = pool.Value, user = member.Value });

        var offered = Assert.Single(await _store.DesktopsAsync(member));    // entitled twice, offered once
        Assert.Equal(pool.Value, offered.PoolId);
        Assert.Empty(await _store.DesktopsAsync(stranger));
        await _rows.ExecuteAsync("delete from entitlement where pool_id = @pool", new { pool = pool.Value });
        Assert.IsType<Placement.Start>(await LaunchAsync(member, pool));
        Assert.Equal(new Placement.Refuse(RefusalReason.NotEntitled), await LaunchAsync(stranger, pool));

        Assert.Null(await api.Get<EntitleGroup>().RunAsync(pool, group, entitled: false, TestApi.By));
        Assert.Equal(new Placement.Refuse(RefusalReason.NotEntitled), await LaunchAsync(member, pool));
        Assert.Empty(await _store.DesktopsAsync(member));
        Assert.Equal(["pool.entitle_group", "pool.revoke_group"], [.. await ActionsAsync(pool.Value)]);
    }

    [Fact]
    public async Task Forty_launches_of_ten_members_over_four_pools_open_no_more_sessions_than_their_group_may_have()
    {
        var people = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _rows.UserAsync()));
        var group = await GroupAsync(people);
        var pools = new List<PoolId>();
        for (var i = 0; i < 4; i++)
        {
            pools.Add(await PoolAsync(12));
            await _rows.ExecuteAsync("insert into group_entitlement (pool_id, group_id) values (@pool, @group)", new { pool = pools[i].Value, group });
        }
        Assert.IsType<Placement.Start>(await LaunchAsync(people[0], pools[0]));    // before there was a limit: it has no seat, and counts
        await _rows.ExecuteAsync("update app_group set most_sessions = 5 where group_id = @group", new { group });

        var placements = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => LaunchAsync(people[n % 10], pools[n % 4])));

        Assert.Equal(5, await OpenAsync(group));
        Assert.All(placements.Where(p => p is not (Placement.Start or Placement.Reconnect)), p => Assert.Equal(new Placement.Refuse(RefusalReason.GroupQuotaReached), p));
        Assert.Equal(4, await _rows.ScalarAsync<int>("select count(*)::integer from group_seat where group_id = @id", group));

        // The one without a seat ends, then all: every seat comes back.
        await _rows.ExecuteAsync("update session set state = 'ended', ended_at = now() where user_id in (select user_id from group_member where group_id = @group)", new { group });
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::integer from group_seat where group_id = @id", group));
        Assert.IsType<Placement.Start>(await LaunchAsync(people[9], pools[0]));
    }

    [Fact]
    public async Task Refusal_names_the_group_that_is_full()
    {
        var (first, second) = (await _rows.UserAsync(), await _rows.UserAsync());
        var (pool, group) = (await PoolAsync(3), await GroupAsync(first, second));
        await _rows.ExecuteAsync("insert into group_entitlement (pool_id, group_id) values (@pool, @group)", new { pool = pool.Value, group });
        await _rows.ExecuteAsync("update app_group set most_sessions = 1, name = @name where group_id = @group", new { group, name = $"Urbanismo {group}" });
        await LaunchAsync(first, pool);

        var answer = await _store.TryAsync(Attempt(second, pool));

        Assert.Equal(new Placement.Refuse(RefusalReason.GroupQuotaReached), LaunchPolicy.Decide(answer.Facts));
        Assert.Equal($"Urbanismo {group}", answer.FullGroups);
        Assert.IsType<Placement.Reconnect>(await LaunchAsync(first, pool));
    }

    [Fact]
    public async Task Groups_are_made_filled_listed_and_deleted_over_the_api()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("groupadmin", administrator: true);
        await api.UserAsync("celia");
        var call = TestApi.With(await api.TokenAsync("groupadmin", Audience.Administrator));
        var groups = new Contract.Groups.GroupsClient(api.Calls);

        var made = await groups.CreateAsync(new() { Name = " Balcão ", Description = "Atendimento" }, call);
        Assert.Equal(("Balcão", "Atendimento", 0u), (made.Name, made.Description, made.Members));
        Assert.Equal("NAME_TAKEN", await ReasonAsync(() => groups.CreateAsync(new() { Name = "balcão" }, call).ResponseAsync));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => groups.CreateAsync(new() { Name = "" }, call).ResponseAsync));
        Assert.Equal(1u, (await groups.AddMemberAsync(new() { GroupId = made.GroupId, UserName = "Celia" }, call)).Members);
        Assert.Equal(1u, (await groups.AddMemberAsync(new() { GroupId = made.GroupId, UserName = "celia" }, call)).Members);
        Assert.Equal("NOT_FOUND", await ReasonAsync(() => groups.AddMemberAsync(new() { GroupId = made.GroupId, UserName = "nobody" }, call).ResponseAsync));
        Assert.Equal("celia", Assert.Single((await groups.ListMembersAsync(new() { GroupId = made.GroupId }, call)).Users).UserName);
        Assert.Equal(made.GroupId, Assert.Single((await groups.ListAsync(new() { UserName = "celia" }, call)).Groups).GroupId);
        Assert.Equal(7u, (await groups.UpdateAsync(new() { GroupId = made.GroupId, MostSessions = 7 }, call)).MostSessions);
        var renamed = await groups.UpdateAsync(new() { GroupId = made.GroupId, Name = "Balcão único" }, call);
        Assert.Equal(("Balcão único", 7u), (renamed.Name, renamed.MostSessions));
        Assert.Equal(0u, (await groups.UpdateAsync(new() { GroupId = made.GroupId, MostSessions = 0 }, call)).MostSessions);
        var pool = await PoolAsync(1);
        Assert.Empty((await groups.ListPoolsAsync(new() { GroupId = made.GroupId }, call)).Pools);
        await api.Get<EntitleGroup>().RunAsync(pool, Guid.Parse(made.GroupId), entitled: true, TestApi.By);
        Assert.Equal(pool.Value.ToString(), Assert.Single((await groups.ListPoolsAsync(new() { GroupId = made.GroupId }, call)).Pools).PoolId);
        Assert.Equal(0u, (await groups.RemoveMemberAsync(new() { GroupId = made.GroupId, UserName = "celia" }, call)).Members);
        await groups.DeleteAsync(new() { GroupId = made.GroupId }, call);
        Assert.Equal("NOT_FOUND", await ReasonAsync(() => groups.ListMembersAsync(new() { GroupId = made.GroupId }, call).ResponseAsync));
        Assert.Equal(["group.create", "group.add_member", "group.update", "group.update", "group.update", "group.remove_member", "group.delete"], [.. await ActionsAsync(Guid.Parse(made.GroupId))]);
    }

    private static async Task<string?> ReasonAsync<T>(Func<Task<T>> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason");

    private async Task<Placement> LaunchAsync(UserId user, PoolId pool)
    {
        var answer = await _store.TryAsync(Attempt(user, pool));
        for (var i = 1; i < 1000 && LaunchPolicy.Decide(answer.Facts) is Placement.Wait; i++)
        {
            await Task.Delay(60, TestContext.Current.CancellationToken);
            answer = await _store.TryAsync(Attempt(user, pool));
        }
        return LaunchPolicy.Decide(answer.Facts);
    }

    private static LaunchAttempt Attempt(UserId user, PoolId pool) => new(
        new(Guid.NewGuid()), user, pool, "127.0.0.1", new(Guid.NewGuid()), RandomNumberGenerator.GetBytes(32), TimeSpan.FromSeconds(30), Random.Shared.Next());

    private Task<int> OpenAsync(Guid group) =>
        _rows.ScalarAsync<int>("select count(*)::integer from session join group_member using (user_id) where group_id = @id and state <> 'ended'", group);

    private async Task<IEnumerable<string>> ActionsAsync(Guid about) =>
        (await _rows.ScalarAsync<string>("select string_agg(action, ' ' order by audit_id) from audit_event where object_id = @id", about)).Split(' ');

    private async Task<Guid> GroupAsync(params UserId[] members)
    {
        var group = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into app_group (group_id, name) values (@group, @group::text)", new { group });
        await _rows.ExecuteAsync("insert into group_member (group_id, user_id) select @group, unnest(@users)", new { group, users = members.Select(u => u.Value).ToArray() });
        return group;
    }

    private async Task<PoolId> PoolAsync(int machines)
    {
        var pool = await _rows.PoolAsync("floating");
        for (var i = 0; i < machines; i++) await _rows.MachineAsync(pool, "available");
        return pool;
    }
}
