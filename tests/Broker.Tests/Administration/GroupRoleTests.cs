using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using static Montalegre.Vdi.Broker.Tests.Identity.TestCalls;

namespace Montalegre.Vdi.Broker.Tests.Administration;

// Who is the last administrator depends on every row, so each test has a database of its own.
public sealed class GroupRoleTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private TestApi _api = null!;
    private CallOptions _boss;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Roles.RolesClient Roles => new(_api.Calls);

    private Contract.Groups.GroupsClient Groups => new(_api.Calls);

    private Users.UsersClient Users => new(_api.Calls);

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _api = await TestApi.StartAsync(_database, _time);
        await _api.UserAsync("rosa", administrator: true);
        _boss = TestApi.With(await _api.TokenAsync("rosa", Audience.Administrator));
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Every_member_of_a_group_holds_its_role_and_whoever_leaves_it_loses_the_role()
    {
        var group = await GroupAsync("Apoio", "ana", "rui");
        var tried = await Roles.GrantAsync(new() { GroupId = group, Role = "help_desk", DryRun = true }, _boss);
        Assert.Equal(("Apoio", 2u, ""), (tried.GroupName, tried.Members, tried.GrantId));
        Assert.Equal("NOT_ALLOWED", await SignInProblemAsync("ana"));
        var given = await Roles.GrantAsync(new() { GroupId = group, Role = "help_desk" }, _boss);
        Assert.Equal(given.GrantId, (await Roles.GrantAsync(new() { GroupId = group, Role = "help_desk" }, _boss)).GrantId);    // a second time changes nothing

        var ana = TestApi.With(await _api.TokenAsync("ana", Audience.Administrator));
        await Users.ListAsync(new(), ana);
        await _api.UserAsync("ines");
        await Groups.AddMemberAsync(new() { GroupId = group, UserName = "ines" }, _boss);
        await Users.ListAsync(new(), TestApi.With(await _api.TokenAsync("ines", Audience.Administrator)));
        var listed = Assert.Single((await Roles.ListGrantsAsync(new() { UserName = "ines" }, _boss)).Grants);
        Assert.Equal(("Apoio", 3u, "", "help_desk"), (listed.GroupName, listed.Members, listed.UserName, listed.Role));

        await Groups.RemoveMemberAsync(new() { GroupId = group, UserName = "ana" }, _boss);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("SIGN_IN_EXPIRED", await WhyNotAsync(async () => await Users.ListAsync(new(), ana)));
        await Roles.TakeAwayAsync(new() { GrantId = given.GrantId }, _boss);
        Assert.Equal("NOT_ALLOWED", await SignInProblemAsync("rui"));
        Assert.Equal(["role.take_away", "role.grant"], (await _api.Get<AuditStore>().ListAsync(0, 50, new(Guid.Parse(group)), Montalegre.Vdi.Broker.Identity.PoolScope.Everything, Ct))
            .Select(e => e.Action).Where(a => a.StartsWith("role.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Role_by_two_ways_is_lost_with_the_second_and_a_deleted_group_takes_its_role_along()
    {
        var (one, two) = (await GroupAsync("Um", "ana"), await GroupAsync("Dois", "ana", "rui"));
        foreach (var group in new[] { one, two }) await Roles.GrantAsync(new() { GroupId = group, Role = "auditor" }, _boss);
        await Groups.RemoveMemberAsync(new() { GroupId = one, UserName = "ana" }, _boss);
        Assert.True((await _api.Get<UserStore>().FindAsync("ana", Ct))!.Administrator);
        await Groups.DeleteAsync(new() { GroupId = two }, _boss);
        foreach (var name in new[] { "ana", "rui" }) Assert.False((await _api.Get<UserStore>().FindAsync(name, Ct))!.Administrator);
        Assert.Single((await Roles.ListGrantsAsync(new() { GroupId = one }, _boss)).Grants);
        Assert.Empty((await Roles.ListGrantsAsync(new() { GroupId = two }, _boss)).Grants);
    }

    [Fact]
    public async Task Nobody_comes_to_a_role_by_putting_himself_into_its_group()
    {
        var group = await GroupAsync("Chefes");
        await Roles.GrantAsync(new() { GroupId = group, Role = "administrator" }, _boss);
        await Roles.SetAsync(new() { Name = "people", Permissions = { "users.read", "users.manage" } }, _boss);
        await _api.UserAsync("lia");
        await Roles.GrantAsync(new() { UserName = "lia", Role = "people" }, _boss);
        var lia = TestApi.With(await _api.TokenAsync("lia", Audience.Administrator));

        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Groups.AddMemberAsync(new() { GroupId = group, UserName = "lia" }, lia)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Groups.DeleteAsync(new() { GroupId = group }, lia)));
        var plain = await Groups.CreateAsync(new() { Name = "Obras" }, lia);
        await Groups.AddMemberAsync(new() { GroupId = plain.GroupId, UserName = "lia" }, lia);
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await Roles.GrantAsync(new() { GroupId = group, UserName = "lia", Role = "auditor" }, _boss)));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await Roles.GrantAsync(new() { Role = "auditor" }, _boss)));
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Roles.GrantAsync(new() { GroupId = Guid.NewGuid().ToString(), Role = "auditor", DryRun = true }, _boss)));
    }

    [Fact]
    public async Task Administrator_by_a_group_does_not_count_as_the_last_one()
    {
        var group = await GroupAsync("Chefes", "ana");
        await Roles.GrantAsync(new() { GroupId = group, Role = "administrator" }, _boss);
        var ana = TestApi.With(await _api.TokenAsync("ana", Audience.Administrator));
        var own = Assert.Single((await Roles.ListGrantsAsync(new() { UserName = "rosa" }, ana)).Grants);

        Assert.Equal("LAST_ADMINISTRATOR", await WhyNotAsync(async () => await Roles.TakeAwayAsync(new() { GrantId = own.GrantId }, ana)));
        Assert.Equal("LAST_ADMINISTRATOR", await WhyNotAsync(async () => await Users.SetEnabledAsync(new() { UserName = "rosa", Enabled = false }, ana)));
        // The group may be emptied, and whoever is in it disabled, without leaving nobody.
        await Users.SetEnabledAsync(new() { UserName = "ana", Enabled = false }, _boss);
        await Users.SetEnabledAsync(new() { UserName = "ana", Enabled = true }, _boss);
        await Roles.GrantAsync(new() { UserName = "ana", Role = "administrator" }, _boss);
        await Roles.TakeAwayAsync(new() { GrantId = own.GrantId }, _boss);
        Assert.False((await _api.Get<UserStore>().FindAsync("rosa", Ct))!.Administrator);
    }

    [Fact]
    public async Task People_who_come_into_a_group_while_it_is_given_and_loses_roles_end_up_with_what_it_has()
    {
        var group = Guid.Parse(await GroupAsync("Turno"));
        var (give, roles, groups) = (_api.Get<GrantRole>(), _api.Get<RoleStore>(), _api.Get<Broker.Groups.GroupStore>());
        for (var n = 0; n < 8; n++) await _api.UserAsync($"p{n}");
        for (var round = 0; round < 6; round++)
        {
            await Task.WhenAll(
            [
                .. Enumerable.Range(0, 8).Select(n => groups.SetMemberAsync(group, $"p{n}", round % 2 == 0, TestApi.By)),
                give.GiveToGroupAsync(group, "auditor", null, dryRun: false, TestApi.By, Ct),
                give.GiveToGroupAsync(group, "help_desk", null, dryRun: false, TestApi.By, Ct),
            ]);
            for (var n = 0; n < 8; n++) Assert.Equal(round % 2 == 0, (await _api.Get<UserStore>().FindAsync($"p{n}", Ct))!.Administrator);
            foreach (var grant in await roles.GrantsAsync(null, group, Ct)) await roles.TakeAwayAsync(grant.RoleGrantId, TestApi.By);
            for (var n = 0; n < 8; n++) Assert.False((await _api.Get<UserStore>().FindAsync($"p{n}", Ct))!.Administrator);
        }
    }

    private async Task<string> GroupAsync(string name, params string[] people)
    {
        var group = await Groups.CreateAsync(new() { Name = name }, _boss);
        foreach (var person in people)
        {
            if (await _api.Get<UserStore>().FindAsync(person, Ct) is null) await _api.UserAsync(person);
            await Groups.AddMemberAsync(new() { GroupId = group.GroupId, UserName = person }, _boss);
        }
        return group.GroupId;
    }

    private async Task<string?> SignInProblemAsync(string name) =>
        await WhyNotAsync(async () => await new Administrators.AdministratorsClient(_api.Calls).SignInAsync(new() { UserName = name, Password = TestApi.Password }, cancellationToken: Ct));
}
