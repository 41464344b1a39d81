using Dapper;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Infrastructure;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Machines;
using Montalegre.Vdi.Broker.Pools;
using Montalegre.Vdi.Broker.Rollouts;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;
using static Montalegre.Vdi.Broker.Tests.Administration.AdminMethods;
using static Montalegre.Vdi.Broker.Tests.Identity.TestCalls;

namespace Montalegre.Vdi.Broker.Tests.Administration;

// Who is the last administrator depends on every row, so each test has a database of its own.
public sealed class RightsTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    // Written here a second time on purpose: whoever widens a role changes this list, too.
    private static readonly Dictionary<string, string[]> Expected = new()
    {
        ["pool_operator"] = ["pools.read", "machines.read", "sessions.read", "launches.read", "rollouts.read", "images.read", "hosts.read", "gateways.read", "calendars.read", "users.read", "alerts.read", "tasks.read",
            "pools.manage", "pools.entitle", "machines.operate", "machines.manage", "sessions.operate", "rollouts.manage", "tasks.cancel"],
        ["help_desk"] = ["pools.read", "machines.read", "sessions.read", "launches.read", "calendars.read", "users.read", "alerts.read", "tasks.read", "tasks.cancel", "machines.operate", "sessions.operate", "sessions.assist", "users.password", "users.note"],
        ["auditor"] = ["pools.read", "machines.read", "sessions.read", "launches.read", "rollouts.read", "images.read", "hosts.read", "gateways.read", "calendars.read", "users.read", "alerts.read", "tasks.read",
            "audit.read", "roles.read", "api_keys.read", "backups.read", "settings.read"],
        ["read_only"] = ["pools.read", "machines.read", "sessions.read", "launches.read", "rollouts.read", "images.read", "hosts.read", "gateways.read", "calendars.read", "users.read", "alerts.read", "tasks.read"],
    };

    [Fact]
    public void Every_method_of_the_administrators_api_declares_its_permission_or_is_open()
    {
        var silent = All().Select(NameOf).Where(name => MethodNeed.Of(name) is null && MethodAccessRules.Of(name) is not MethodAccess.Open);

        Assert.Empty(silent);
        Assert.True(MethodNeed.All.Count > 70);
    }

    [Fact]
    public async Task Every_method_admits_exactly_the_roles_that_hold_its_permission()
    {
        await using var api = await TestApi.StartAsync(_database);
        var tokens = new Dictionary<string, string> { ["administrator"] = await TokenAsync(api, "root.admin", "administrator", null) };
        foreach (var role in Expected.Keys) tokens[role] = await TokenAsync(api, role, role, null);
        // The same roles once more, as keys of somebody who holds everything.
        var keys = new ApiKeys.ApiKeysClient(api.Calls);
        foreach (var role in tokens.Keys.ToList())
            tokens[$"{role} key"] = (await keys.MakeAsync(new() { Name = role.Replace('_', '-'), Role = role, Days = 1 }, TestApi.With(tokens["administrator"]))).Secret;
        foreach (var method in All().Where(m => MethodNeed.Of(NameOf(m)) is not null))
        {
            var needed = MethodNeed.Of(NameOf(method))!.Permission;
            foreach (var (holder, token) in tokens)
            {
                var role = holder.Split(' ')[0];
                var may = needed is Permission.SignedIn || role == "administrator" || Expected[role].Contains(needed.Name());
                Assert.Equal((NameOf(method), holder, may ? "admitted" : "PERMISSION_MISSING"), (NameOf(method), holder, await AdmissionAsync(api, method, null, token)));
            }
        }
        Assert.Equal("NOT_ALLOWED", await AdminMethods.AdmissionAsync(api.Services, "/montalegre.vdi.admin.v1.Pools/Undeclared", null, tokens["administrator"]));
    }

    [Fact]
    public async Task Objects_of_another_pool_answer_as_if_they_did_not_exist()
    {
        await using var api = await TestApi.StartAsync(_database);
        var (mine, other) = (await PoolAsync("mine"), await PoolAsync("other"));
        var token = await TokenAsync(api, "rui", "pool_operator", mine.Pool);
        var walked = 0;
        foreach (var method in All())
        {
            if (MethodNeed.Of(NameOf(method)) is not { } need || !Expected["pool_operator"].Contains(need.Permission.Name())) continue;
            foreach (var field in need.Objects)
            {
                walked++;
                Assert.Equal("NOT_FOUND", await AdmissionAsync(api, method, (field, other.IdOf(field.Name)), token));
                Assert.Equal("NOT_FOUND", await AdmissionAsync(api, method, (field, Guid.NewGuid()), token));
                if (field.Name is "pool_id" or "machine_id" or "session_id" or "task_id") Assert.Equal("admitted", await AdmissionAsync(api, method, (field, mine.IdOf(field.Name)), token));
            }
            // Without an object only a list goes on: anything else is about the whole installation.
            Assert.Equal(need.Filtered ? "admitted" : "PERMISSION_MISSING", await AdmissionAsync(api, method, null, token));
        }
        Assert.True(walked > 25);
    }

    [Fact]
    public async Task Lists_show_rows_of_the_callers_pools_only()
    {
        await using var api = await TestApi.StartAsync(_database);
        var (mine, other) = (await PoolAsync("mine"), await PoolAsync("other"));
        var (scope, database) = (new PoolScope([mine.Pool]), api.Get<Montalegre.Vdi.Broker.Storage.Database>());
        await using (var connection = await _database.DataSource.OpenConnectionAsync(Ct))
            await connection.ExecuteAsync("insert into audit_event (actor, action, object_kind, object_id) select 'x', kind, kind, id from unnest(@kinds, @ids) as t (kind, id)",
                new { kinds = new[] { "pool", "pool", "machine", "machine", "session", "session", "user" }, ids = new[] { mine.Pool, other.Pool, mine.Machine, other.Machine, mine.Session, other.Session, other.Person } });

        Assert.Equal([mine.Pool], (await new PoolAdminStore(database).AllAsync(scope, Ct)).Select(p => p.PoolId));
        Assert.Equal([mine.Machine], (await new MachineStore(database).AllAsync(scope, Ct)).Select(m => m.MachineId));
        Assert.Equal([mine.Machine], (await new MachineStore(database).SomeAsync([mine.Machine, other.Machine], scope, Ct)).Select(m => m.MachineId));
        var sessions = new SessionStore(database);
        Assert.Equal([mine.Session], (await sessions.ListAsync(true, scope, Ct)).Select(s => s.SessionId));
        Assert.Equal([mine.Session], (await sessions.FindAsync([mine.Session, other.Session], scope, Ct)).Select(s => s.SessionId));
        Assert.Empty(await sessions.LogonTimesAsync(24, null, scope, Ct));
        Assert.Equal(["person-mine"], (await api.Get<UserStore>().ListAsync(scope, Ct)).Select(u => u.UserName));
        Assert.Equal([mine.Launch], (await new TraceStore(database, _database.DataSource).ListAsync(new(null, null, null, null, null, 10, scope), Ct)).Select(t => t.LaunchTraceId));
        Assert.Empty(await new RolloutStore(database).ListAsync(null, scope, Ct));
        Assert.Empty(await new HostStore(database).AllAsync(scope, Ct));
        Assert.Equal(["machine", "pool", "session"], (await api.Get<AuditStore>().ListAsync(0, 100, AuditAbout.Everything, scope, Ct)).Select(e => e.Action).Order());
        Assert.Empty(await api.Get<AuditStore>().ListAsync(0, 100, new(other.Machine), scope, Ct));
        Assert.Equal(2, (await sessions.ListAsync(true, PoolScope.Everything, Ct)).Count);
    }

    [Fact]
    public async Task Last_administrator_keeps_the_role_even_when_two_take_it_from_each_other_at_once()
    {
        await using var api = await TestApi.StartAsync(_database);
        await TokenAsync(api, "rosa", "administrator", null);
        await TokenAsync(api, "rui", "administrator", null);
        var (grant, roles) = (api.Get<GrantRole>(), api.Get<RoleStore>());
        for (var round = 0; round < 10; round++)
        {
            var rows = await roles.GrantsAsync(null, null, Ct);
            var both = await Task.WhenAll(rows.Select((row, n) => (n + round) % 2 == 0 && round % 3 == 0
                ? DisableAsync(row.UserName)
                : grant.TakeAwayAsync(row, dryRun: false, TestApi.By)));
            Assert.Single(both, refused => refused is null);
            Assert.Single(both, refused => refused?.Reason is Domain.RefusalReason.LastAdministrator);
            foreach (var name in new[] { "rosa", "rui" })
            {
                await api.Get<SetUserEnabled>().RunAsync(name, true, TestApi.By, Ct);
                Assert.Null((await grant.GiveAsync(name, "administrator", null, dryRun: false, TestApi.By, Ct)).Refused);
            }
        }

        async Task<RoleRefusal?> DisableAsync(string name) =>
            await api.Get<SetUserEnabled>().RunAsync(name, false, TestApi.By, Ct) is UserOutcome.Refused no ? new(no.Reason, no.Detail) : null;
    }

    [Fact]
    public async Task Help_desk_changes_no_password_of_somebody_who_holds_a_role_and_makes_nobody_administrator()
    {
        await using var api = await TestApi.StartAsync(_database);
        await TokenAsync(api, "rosa", "administrator", null);
        await api.UserAsync("employee");
        var users = new Users.UsersClient(api.Calls);
        var desk = TestApi.With(await TokenAsync(api, "ines", "help_desk", null));

        await users.SetPasswordAsync(new() { UserName = "employee", Password = "cinco gatos amarelos" }, desk);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await users.SetPasswordAsync(new() { UserName = "rosa", Password = "cinco gatos amarelos" }, desk));
        Assert.Equal(("PERMISSION_MISSING", "roles.manage"), (refused.Trailers.GetValue("reason"), refused.Trailers.GetValue("reason-detail")));
        refused = await Assert.ThrowsAsync<RpcException>(async () => await users.CreateAsync(new() { UserName = "x", Password = TestApi.Password, Administrator = true }, desk));
        Assert.Equal(("PERMISSION_MISSING", "users.manage: rosa"), (refused.Trailers.GetValue("reason"), refused.Trailers.GetValue("reason-detail")));
    }

    [Fact]
    public async Task Nobody_gives_more_than_he_holds_and_what_is_given_and_taken_works_at_once()
    {
        await using var api = await TestApi.StartAsync(_database);
        var pool = (await PoolAsync("mine")).Pool;
        var roles = new Roles.RolesClient(api.Calls);
        var boss = TestApi.With(await TokenAsync(api, "rosa", "administrator", null));
        await roles.SetAsync(new() { Name = "giver", Permissions = { "roles.manage", "roles.read", "sessions.read" } }, boss);
        var giver = TestApi.With(await TokenAsync(api, "rui", "giver", null));
        await api.UserAsync("ines");

        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await roles.GrantAsync(new() { UserName = "ines", Role = "help_desk" }, giver)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await roles.SetAsync(new() { Name = "giver", Permissions = { "pools.manage" } }, giver)));
        Assert.Equal("NAME_TAKEN", await WhyNotAsync(async () => await roles.SetAsync(new() { Name = "auditor", Permissions = { "pools.manage" } }, boss)));
        Assert.Equal("IN_USE", await WhyNotAsync(async () => await roles.DeleteAsync(new() { Name = "giver" }, boss)));

        var tried = await roles.GrantAsync(new() { UserName = "ines", Role = "read_only", ScopePoolId = pool.ToString(), DryRun = true }, boss);
        Assert.Equal(("", 1u, 1u, 1u), (tried.GrantId, tried.Pools, tried.Machines, tried.Sessions));
        var given = await roles.GrantAsync(new() { UserName = "ines", Role = "read_only", ScopePoolId = pool.ToString() }, boss);
        var mine = await roles.MineAsync(new(), TestApi.With(await api.TokenAsync("ines", Audience.Administrator)));
        Assert.All(mine.Permissions, p => Assert.Equal((false, pool.ToString()), (p.Everything, Assert.Single(p.PoolIds))));
        Assert.Equal(Expected["read_only"].Order(), mine.Permissions.Select(p => p.Permission).Order());
        await roles.TakeAwayAsync(new() { GrantId = given.GrantId }, boss);
        Assert.False((await api.Get<UserStore>().FindAsync("ines", Ct))!.Administrator);
        Assert.Equal(["role.take_away", "role.grant"], (await api.Get<AuditStore>().ListAsync(0, 100, new((await api.Get<UserStore>().FindAsync("ines", Ct))!.Id.Value), PoolScope.Everything, Ct))
            .Select(e => e.Action).Where(a => a.StartsWith("role.", StringComparison.Ordinal)));
    }

    private static async Task<string> TokenAsync(TestApi api, string userName, string role, Guid? pool)
    {
        await api.UserAsync(userName);
        Assert.Null((await api.Get<GrantRole>().GiveAsync(userName, role, pool is { } id ? new GrantScope(id, null) : null, dryRun: false, TestApi.By, Ct)).Refused);
        return await api.TokenAsync(userName, Audience.Administrator);
    }

    private static Task<string> AdmissionAsync(TestApi api, MethodDescriptor method, (FieldDescriptor Field, Guid Id)? about, string token)
    {
        var request = method.InputType.Parser.ParseFrom(ByteString.Empty);
        if (about is { } one) one.Field.Accessor.SetValue(request, one.Id.ToString());
        return AdminMethods.AdmissionAsync(api.Services, NameOf(method), request, token);
    }

    /// <summary>A pool with one machine, session, roll-out-less launch and person.</summary>
    private sealed record Rows(Guid Pool, Guid Machine, Guid Session, Guid Launch, Guid Person)
    {
        public Guid Task { get; } = Guid.NewGuid();

        public Guid IdOf(string field) => field switch { "pool_id" => Pool, "machine_id" => Machine, "session_id" => Session, "launch_id" => Launch, "task_id" => Task, _ => Person };
    }

    private async Task<Rows> PoolAsync(string name)
    {
        var rows = new Rows(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await using var connection = await _database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync(
            """
            insert into app_user (user_id, user_name, display_name) values (@Person, 'person-' || @name, @name);
            insert into pool (pool_id, name, kind, size) values (@Pool, @name, 'manual', 1);
            insert into machine (machine_id, pool_id, name, ordinal, manual, state) values (@Machine, @Pool, @name, 1, true, 'in_use');
            insert into session (session_id, request_id, user_id, pool_id, machine_id, state) values (@Session, gen_random_uuid(), @Person, @Pool, @Machine, 'active');
            insert into operation (operation_id, kind, machine_id, step, state) values (@Task, 'restart', @Machine, 'stop', 'running');
            insert into launch_trace (launch_trace_id, asked_at, request_id, user_id, pool_id, outcome, rule, attempts, deciding_ms)
                 values (@Launch, now(), gen_random_uuid(), @Person, @Pool, 'started', 'free_machine', 1, 1);
            """, new { rows.Pool, rows.Machine, rows.Session, rows.Launch, rows.Person, rows.Task, name });
        return rows;
    }
}
