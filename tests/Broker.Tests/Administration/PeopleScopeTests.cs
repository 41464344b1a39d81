using Dapper;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using static Montalegre.Vdi.Broker.Tests.Administration.AdminMethods;
using static Montalegre.Vdi.Broker.Tests.Identity.TestCalls;

namespace Montalegre.Vdi.Broker.Tests.Administration;

/// <summary>A role over the people of one group, on a whole broker: Ana is in the group, Zeferino is not, and both work in the same pools.</summary>
public sealed class PeopleScopeTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private readonly Guid _department = Guid.NewGuid(), _pool = Guid.NewGuid(), _shared = Guid.NewGuid(), _both = Guid.NewGuid();
    private readonly Of _ana = new("ana"), _zeferino = new("zeferino");
    private CallOptions _boss;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Roles.RolesClient Roles => new(_broker.Api());

    private Contract.Groups.GroupsClient Groups => new(_broker.Api());

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync(
            """
            insert into pool (pool_id, name, kind, size) values (@_pool, 'postos', 'manual', 2);
            insert into pool (pool_id, name, kind, size, sessions_per_machine) values (@_shared, 'partilhado', 'manual', 1, 5);
            insert into app_group (group_id, name) values (@_department, 'Obras');
            insert into gateway (gateway_id, name, rdp_address) values (gen_random_uuid(), 'porta', '127.0.0.1:1');
            insert into machine (machine_id, pool_id, name, ordinal, manual, state) values (@_both, @_shared, 'comum', 1, true, 'in_use');
            """, new { _pool, _shared, _department, _both });
        var ordinal = 0;
        foreach (var of in new[] { _zeferino, _ana })   // he came first: the shared machine's row would name him
        {
            await connection.ExecuteAsync(
                """
                insert into app_user (user_id, user_name, display_name) values (@User, @Name, initcap(@Name));
                insert into machine (machine_id, pool_id, name, ordinal, manual, state, assigned_user_id) values (@Machine, @_pool, 'de-' || @Name, @ordinal, true, 'in_use', @User);
                insert into session (session_id, request_id, user_id, pool_id, machine_id, state, machine_name) values (@Session, gen_random_uuid(), @User, @_pool, @Machine, 'active', 'de-' || @Name);
                insert into operation (operation_id, kind, machine_id, step, state, cause, asked_by) values (@Task, 'wake', @Machine, 'magic_packet', 'running', 'person', @Name), (@TaskOnBoth, 'restart', @_both, 'stop', 'done', 'person', @Name);
                insert into session (session_id, request_id, user_id, pool_id, machine_id, state, machine_seat) values (@OnBoth, gen_random_uuid(), @User, @_shared, @_both, 'active', @ordinal);
                insert into launch_trace (launch_trace_id, asked_at, request_id, user_id, user_name, pool_id, outcome, rule, attempts, deciding_ms, look)
                     values (@Launch, now(), gen_random_uuid(), @User, @Name, @_pool, 'started', 'free_machine', 1, 1, '{"occupied": {"machines": 1, "names": ["de-zeferino"]}}');
                insert into connection (connection_id, session_id, client_name) values (@Session, @Session, 'portatil-' || @Name);
                insert into assistance (assistance_id, session_id, connection_id, gateway_id, administrator_id, administrator, shown_name, sign_in_sha256, control, reason, state, state_until)
                     select @Assistance, @Session, @Session, gateway_id, @User, 'rui', 'Rui', sha256('x'), false, 'ligou', 'asked', now() + interval '1 hour' from gateway;
                insert into audit_event (actor, action, object_kind, object_id, object_name) values
                    (@Name, 'sign_in.ok', 'user', @User, @Name), ('rui', 'session.log_off', 'session', @Session, 'de-' || @Name), ('rui', 'machine.restart', 'machine', @Machine, 'de-' || @Name),
                    (@Name, 'machine.restart', 'machine', @_both, 'comum');
                """, new { of.Name, of.User, of.Machine, of.Session, of.OnBoth, of.Launch, of.Assistance, of.Task, of.TaskOnBoth, _pool, _shared, _both, ordinal = ++ordinal });
        }
        await connection.ExecuteAsync("insert into group_member (user_id, group_id) values (@User, @_department)", new { _ana.User, _department });
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        foreach (var (name, administrator) in new[] { ("rosa", true), ("rui", false) })
            await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new(Guid.CreateVersion7()), name, name, true, administrator), hash!, TestApi.By);
        _boss = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rosa", TestApi.Password));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Every_method_is_for_the_people_of_the_group_and_nobody_else()
    {
        var (byObject, byPerson) = (0, 0);
        foreach (var role in EveryRole)
        {
            var (token, may) = (await KeyAsync(role), BuiltInRoles.Of(role));
            foreach (var method in Declared())
            {
                var need = MethodNeed.Of(NameOf(method))!;
                if (need.Permission is Permission.SignedIn) continue;
                async Task IsAsync(string expected, string field, string value)
                {
                    var request = method.InputType.Parser.ParseFrom(ByteString.Empty);
                    if (field.Length > 0) method.InputType.FindFieldByName(field).Accessor.SetValue(request, value);
                    Assert.Equal((role, NameOf(method), field, value, expected), (role, NameOf(method), field, value, await AdmissionAsync(_broker.Services, NameOf(method), request, token)));
                }
                var holds = may.Contains(need.Permission);
                await IsAsync(holds && need.Filtered ? "admitted" : "PERMISSION_MISSING", "", "");
                foreach (var field in need.Objects.Select(f => f.Name))
                {
                    byObject++;
                    await IsAsync(!holds ? "PERMISSION_MISSING" : _ana.IdOf(field) is null ? "NOT_FOUND" : "admitted", field, _ana.IdOf(field) ?? $"{_pool}");
                    await IsAsync(holds ? "NOT_FOUND" : "PERMISSION_MISSING", field, _zeferino.IdOf(field) ?? $"{_shared}");
                    await IsAsync(holds ? "NOT_FOUND" : "PERMISSION_MISSING", field, $"{Guid.NewGuid()}");
                    // What is done to a machine is done to everybody who is on it.
                    if (field == "machine_id") await IsAsync(!holds ? "PERMISSION_MISSING" : need.Looks ? "admitted" : "NOT_FOUND", field, $"{_both}");
                }
                if (need.Person is null || need.Objects.Count > 0) continue;
                if (need.People) byPerson++;
                var toOther = !holds ? "PERMISSION_MISSING" : need.Filtered ? "admitted" : need.People ? "NOT_FOUND" : "PERMISSION_MISSING";
                await IsAsync(holds && need.People ? "admitted" : toOther, "user_name", " Ana");
                await IsAsync(toOther, "user_name", "zeferino");
                await IsAsync(toOther, "user_name", "ninguem");
            }
        }
        Assert.True(byObject > 100 && byPerson > 20, $"{byObject} {byPerson}");
    }

    [Fact]
    public async Task Machine_of_theirs_is_given_to_nobody_else()
    {
        var token = await KeyAsync("pool_operator");

        Assert.Equal("NOT_FOUND", await AdmissionAsync(_broker.Services, "/montalegre.vdi.admin.v1.Machines/Assign", new AssignMachineRequest { MachineId = $"{_ana.Machine}", UserName = "zeferino" }, token));
        Assert.Equal("admitted", await AdmissionAsync(_broker.Services, "/montalegre.vdi.admin.v1.Machines/Assign", new AssignMachineRequest { MachineId = $"{_ana.Machine}", UserName = "ana" }, token));
    }

    [Fact]
    public async Task No_list_and_no_watch_says_anything_about_somebody_else()
    {
        var all = TestApi.With(await KeyAsync("administrator"));
        var answers = new Dictionary<string, string>();
        foreach (var method in Declared().Where(m => MethodNeed.Of(NameOf(m))!.Filtered)) answers[NameOf(method)] = await TextOfAsync(_broker, method, all);
        answers["machine"] = $"{await new Contract.Machines.MachinesClient(_broker.Api()).GetAsync(new() { MachineId = $"{_both}" }, all)}";
        answers["launch"] = $"{await new Launches.LaunchesClient(_broker.Api()).GetAsync(new() { LaunchId = $"{_ana.Launch}" }, all)}";

        foreach (var (method, text) in answers)
            foreach (var word in _zeferino.Words) Assert.False(text.Contains(word, StringComparison.OrdinalIgnoreCase), $"{method} says {word}: {text}");
        string[] told = ["Users/List", "Sessions/List", "Sessions/Watch", "Machines/List", "Machines/Watch", "Launches/List", "Audit/List", "Tasks/List", "Tasks/Watch"];
        Assert.All(told, name => Assert.Contains("ana", answers[$"/montalegre.vdi.admin.v1.{name}"], StringComparison.Ordinal));
        Assert.All(new[] { "Machines/List", "Machines/Watch", "Tasks/List", "Tasks/Watch" }, name => Assert.Contains("comum", answers[$"/montalegre.vdi.admin.v1.{name}"], StringComparison.Ordinal));
        Assert.Contains("\"people\": 1", answers["/montalegre.vdi.admin.v1.Reports/Use"], StringComparison.Ordinal);
        // The search itself: to the one who may see everything all of it says something of him.
        foreach (var name in told) Assert.Contains("zeferino", await TextOfAsync(_broker, Declared().Single(m => NameOf(m) == $"/montalegre.vdi.admin.v1.{name}"), _boss), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_comes_into_the_group_comes_into_a_watch_and_whoever_leaves_goes_out_of_it()
    {
        var key = TestApi.With(await KeyAsync("read_only")).WithDeadline(DateTime.UtcNow.AddMinutes(5));
        await EverythingIsToldAsync(_broker);
        using var sessions = new Contract.Sessions.SessionsClient(_broker.Api()).Watch(new(), key);
        using var machines = new Contract.Machines.MachinesClient(_broker.Api()).Watch(new(), key);
        Assert.Equal([_ana.OnBoth, _ana.Session], (await NextAsync(sessions)).Snapshot.Sessions.Select(s => Guid.Parse(s.SessionId)).OrderBy(s => s != _ana.OnBoth));
        Assert.Equal(["comum", "de-ana"], (await NextAsync(machines)).Snapshot.Machines.Select(m => m.Name).Order());
        using var tasks = new Contract.Tasks.TasksClient(_broker.Api()).Watch(new(), key);
        Assert.Equal(new[] { _ana.Task, _ana.TaskOnBoth, _zeferino.TaskOnBoth }.Order(), (await NextAsync(tasks)).Snapshot.Tasks.Select(t => Guid.Parse(t.TaskId)).Order());

        await Groups.AddMemberAsync(new() { GroupId = $"{_department}", UserName = "zeferino" }, _boss);
        var both = new[] { _zeferino.OnBoth, _zeferino.Session }.Order();
        Assert.Equal(both, await ToldAsync(sessions, 2, u => u.Changes.Changed.Where(s => s.UserName == "zeferino").Select(s => s.SessionId), u => u.Changes.Removed.Count == 0));
        Assert.Equal(new[] { _both, _zeferino.Machine }.Order(), await ToldAsync(machines, 2, u => u.Changes.Changed.Where(m => m.Name != "de-ana").Select(m => m.MachineId), u => u.Changes.Removed.Count == 0));
        Assert.Equal([_zeferino.Task], await ToldAsync(tasks, 1, u => u.Changes.Changed.Where(t => t.TaskId == $"{_zeferino.Task}").Select(t => t.TaskId), u => u.Changes.Removed.Count == 0));

        await Groups.RemoveMemberAsync(new() { GroupId = $"{_department}", UserName = "zeferino" }, _boss);
        Assert.Equal(both, await ToldAsync(sessions, 2, u => u.Changes.Removed, _ => true));
        var (gone, shown) = (new HashSet<string>(), "");
        while (gone.Count == 0 || shown != "ana")
        {
            var told = (await NextAsync(machines)).Changes;
            gone.UnionWith(told.Removed);
            shown = told.Changed.LastOrDefault(m => m.MachineId == $"{_both}")?.UserName ?? shown;
        }
        Assert.Equal([$"{_zeferino.Machine}"], gone);
        Assert.Equal([_zeferino.Task], await ToldAsync(tasks, 1, u => u.Changes.Removed, _ => true));

        // A shared machine does not change itself when one more comes or goes, and is theirs no longer when the last of them is gone.
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync("update session set state = 'ended', ended_at = now() where session_id = @OnBoth", new { _ana.OnBoth });
        Assert.Equal([_both], await ToldAsync(machines, 1, u => u.Changes.Removed, _ => true));
        Assert.Equal(new[] { _ana.TaskOnBoth, _zeferino.TaskOnBoth }.Order(), await ToldAsync(tasks, 2, u => u.Changes.Removed, _ => true));
    }

    // What is told in one change may come in one message or in several.
    private static async Task<IEnumerable<Guid>> ToldAsync<T>(AsyncServerStreamingCall<T> watch, int count, Func<T, IEnumerable<string>> ids, Func<T, bool> meanwhile)
    {
        var told = new HashSet<string>();
        while (told.Count < count) told.UnionWith(ids(await NextAsync(watch, u => ids(u).Any(), meanwhile)));
        return told.Select(Guid.Parse).Order();
    }

    [Fact]
    public async Task Help_desk_of_a_department_helps_its_people_and_a_grant_says_what_it_reaches()
    {
        var request = new GrantRoleRequest { UserName = "rui", Role = "help_desk", ScopeGroupId = $"{_department}" };
        var tried = await Roles.GrantAsync(new(request) { DryRun = true }, _boss);
        Assert.Equal(("", 1u, 0u, 2u, 2u), (tried.GrantId, tried.People, tried.Pools, tried.Machines, tried.Sessions));
        var given = await Roles.GrantAsync(request, _boss);
        Assert.Equal((given.GrantId, "Obras"), ((await Roles.GrantAsync(request, _boss)).GrantId, given.ScopeGroupName));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await Roles.GrantAsync(new(request) { ScopePoolId = $"{_pool}" }, _boss)));
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Roles.GrantAsync(new(request) { ScopeGroupId = $"{Guid.NewGuid()}" }, _boss)));

        var rui = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rui", TestApi.Password));
        Assert.All((await Roles.MineAsync(new(), rui)).Permissions, p => Assert.Equal((false, 0, $"{_department}"), (p.Everything, p.PoolIds.Count, Assert.Single(p.GroupIds))));
        var users = new Users.UsersClient(_broker.Api());
        Assert.Equal("ana", Assert.Single((await users.ListAsync(new(), rui)).Users).UserName);
        await users.SetPasswordAsync(new() { UserName = "ana", Password = "cinco gatos amarelos" }, rui);
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await users.SetPasswordAsync(new() { UserName = "zeferino", Password = "cinco gatos amarelos" }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await users.SetEnabledAsync(new() { UserName = "ana" }, rui)));
        await new UserNotes.UserNotesClient(_broker.Api()).AddAsync(new() { UserName = "ana", Text = "ligou" }, rui);
        Assert.Equal($"{_ana.Session}", (await new Contract.Sessions.SessionsClient(_broker.Api()).GetAsync(new() { SessionId = $"{_ana.Session}" }, rui)).Session.SessionId);

        Assert.Equal("group:Obras", (await AuditReferenceAsync("role.grant")).Split(' ')[1]);
        await Roles.TakeAwayAsync(new() { GrantId = given.GrantId }, _boss);
        await Roles.GrantAsync(request, _boss);
        await Groups.DeleteAsync(new() { GroupId = $"{_department}" }, _boss);   // and with the group all that was given over its people
        Assert.DoesNotContain((await Roles.ListGrantsAsync(new(), _boss)).Grants, g => g.UserName == "rui");
    }

    [Fact]
    public async Task Role_over_people_gives_none_over_others_neither_by_its_holder_nor_by_who_changes_the_group()
    {
        await Roles.GrantAsync(new() { UserName = "rui", Role = "administrator", ScopeGroupId = $"{_department}" }, _boss);
        var rui = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rui", TestApi.Password));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Roles.GrantAsync(new() { UserName = "ana", Role = "administrator" }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Groups.AddMemberAsync(new() { GroupId = $"{_department}", UserName = "zeferino" }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Roles.SetAsync(new() { Name = "mais", Permissions = { "pools.manage" } }, rui)));

        // A key is within what its maker holds, also where that is over people; over a pool, or everything, he makes none.
        var keys = new ApiKeys.ApiKeysClient(_broker.Api());
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = "x", Role = "read_only", Days = 1, ScopeGroupId = $"{_department}" }, rui)));

        // Who changes groups, and no more, puts nobody among those over whom he, or somebody else, holds a role.
        await Roles.SetAsync(new() { Name = "pessoal", Permissions = { "users.manage", "users.read" } }, _boss);
        await Roles.GrantAsync(new() { UserName = "rui", Role = "pessoal" }, _boss);
        await Task.Delay(TimeSpan.FromSeconds(2.1), Ct);   // for so long a caller is remembered
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Groups.AddMemberAsync(new() { GroupId = $"{_department}", UserName = "zeferino" }, rui)));
        await Groups.AddMemberAsync(new() { GroupId = $"{_department}", UserName = "zeferino" }, _boss);

        // Administrator of people is not administrator of everything: the last one stays.
        var last = (await Roles.ListGrantsAsync(new() { UserName = "rosa" }, _boss)).Grants.Single();
        Assert.Equal("LAST_ADMINISTRATOR", await WhyNotAsync(async () => await Roles.TakeAwayAsync(new() { GrantId = last.GrantId }, _boss)));
    }

    private async Task<string> KeyAsync(string role) => (await new ApiKeys.ApiKeysClient(_broker.Api()).MakeAsync(
        new() { Name = role.Replace('_', '-'), Role = role, ScopeGroupId = $"{_department}", Days = 1 }, _boss)).Secret;

    private async Task<string> AuditReferenceAsync(string action) => (await _broker.Services.GetRequiredService<AuditStore>().ListAsync(0, 100, AuditAbout.Everything, PoolScope.Everything, Ct)).First(e => e.Action == action).Reference;

    /// <summary>A person with a machine of his own, a place on the shared one, a launch and a question for help.</summary>
    private sealed record Of(string Name)
    {
        public Guid User { get; } = Guid.NewGuid();
        public Guid Machine { get; } = Guid.NewGuid();
        public Guid Session { get; } = Guid.NewGuid();
        public Guid OnBoth { get; } = Guid.NewGuid();
        public Guid Launch { get; } = Guid.NewGuid();
        public Guid Assistance { get; } = Guid.NewGuid();
        public Guid Task { get; } = Guid.NewGuid();
        public Guid TaskOnBoth { get; } = Guid.NewGuid();

        public IEnumerable<string> Words => [Name, .. new[] { User, Machine, Session, OnBoth, Launch, Assistance, Task }.Select(id => $"{id}")];

        /// <summary>Null for what belongs to no person.</summary>
        public string? IdOf(string field) => field switch
        {
            "machine_id" => $"{Machine}",
            "session_id" => $"{Session}",
            "launch_id" => $"{Launch}",
            "assistance_id" => $"{Assistance}",
            "task_id" => $"{Task}",
            _ => null,
        };
    }
}
