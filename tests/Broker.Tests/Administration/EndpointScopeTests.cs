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

/// <summary>A role over endpoints, on a whole broker: Ana works from their networks, Zeferino from elsewhere, and both in the same pools.</summary>
public sealed class EndpointScopeTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private readonly Guid _counter = Guid.NewGuid(), _pool = Guid.NewGuid(), _shared = Guid.NewGuid(), _both = Guid.NewGuid();
    private readonly Of _ana = new("ana", "::ffff:10.20.7.1", "10.30.0.9"), _zeferino = new("zeferino", "10.30.0.9", "10.20.7.1");
    private CallOptions _boss;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Roles.RolesClient Roles => new(_broker.Api());

    private EndpointGroups.EndpointGroupsClient Endpoints => new(_broker.Api());

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync(
            """
            insert into pool (pool_id, name, kind, size) values (@_pool, 'postos', 'manual', 2);
            insert into pool (pool_id, name, kind, size, sessions_per_machine) values (@_shared, 'partilhado', 'manual', 1, 5);
            insert into endpoint_group (endpoint_group_id, name, networks) values (@_counter, 'Balcões', '{10.20.0.0/16,2001:db8:4::/48}');
            insert into gateway (gateway_id, name, rdp_address) values (gen_random_uuid(), 'porta', '127.0.0.1:1');
            insert into machine (machine_id, pool_id, name, ordinal, manual, state) values (@_both, @_shared, 'comum', 1, true, 'in_use');
            """, new { _pool, _shared, _counter, _both });
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
                insert into launch_trace (launch_trace_id, asked_at, request_id, user_id, user_name, pool_id, client_address, outcome, rule, attempts, deciding_ms, look)
                     values (@Launch, now(), gen_random_uuid(), @User, @Name, @_pool, @Address, 'started', 'free_machine', 1, 1, '{"occupied": {"machines": 1, "names": ["de-zeferino"]}}');
                insert into connection (connection_id, session_id, client_name, client_address, created_at) values (gen_random_uuid(), @Session, 'portatil-' || @Name, @Before, now() - interval '1 hour');
                insert into connection (connection_id, session_id, client_name, client_address) values (@Session, @Session, 'portatil-' || @Name, @Address), (@OnBoth, @OnBoth, 'portatil-' || @Name, @Address);
                insert into assistance (assistance_id, session_id, connection_id, gateway_id, administrator_id, administrator, shown_name, sign_in_sha256, control, reason, state, state_until)
                     select @Assistance, @Session, @Session, gateway_id, @User, 'rui', 'Rui', sha256('x'), false, 'ligou', 'asked', now() + interval '1 hour' from gateway;
                insert into audit_event (actor, action, object_kind, object_id, object_name) values
                    (@Name, 'sign_in.ok', 'user', @User, @Name), ('rui', 'session.log_off', 'session', @Session, 'de-' || @Name), ('rui', 'machine.restart', 'machine', @Machine, 'de-' || @Name),
                    (@Name, 'machine.restart', 'machine', @_both, 'comum');
                """, new { of.Name, of.User, of.Machine, of.Session, of.OnBoth, of.Launch, of.Assistance, of.Task, of.TaskOnBoth, of.Address, of.Before, _pool, _shared, _both, ordinal = ++ordinal });
        }
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        foreach (var (name, administrator) in new[] { ("rosa", true), ("rui", false) })
            await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new(Guid.CreateVersion7()), name, name, true, administrator), hash!, TestApi.By);
        _boss = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rosa", TestApi.Password));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Every_method_is_for_what_is_used_from_the_endpoints_and_nothing_else()
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
                // Endpoints are nobody's: a person by his name is not among them, wherever he works.
                await IsAsync(!holds ? "PERMISSION_MISSING" : need.Filtered ? "admitted" : need.People ? "NOT_FOUND" : "PERMISSION_MISSING", "user_name", "ana");
            }
        }
        Assert.True(byObject > 100 && byPerson > 20, $"{byObject} {byPerson}");
    }

    [Fact]
    public async Task Machine_that_is_used_from_there_is_restarted_but_given_to_nobody()
    {
        var token = await KeyAsync("pool_operator");

        Assert.Equal("NOT_FOUND", await AdmissionAsync(_broker.Services, "/montalegre.vdi.admin.v1.Machines/Assign", new AssignMachineRequest { MachineId = $"{_ana.Machine}", UserName = "zeferino" }, token));
        Assert.Equal("NOT_FOUND", await AdmissionAsync(_broker.Services, "/montalegre.vdi.admin.v1.Machines/Assign", new AssignMachineRequest { MachineId = $"{_ana.Machine}", UserName = "ana" }, token));
        Assert.Equal("admitted", await AdmissionAsync(_broker.Services, "/montalegre.vdi.admin.v1.Machines/Restart", new MachineActionRequest { MachineId = $"{_ana.Machine}" }, token));
    }

    [Fact]
    public async Task No_list_and_no_watch_says_anything_of_what_is_used_from_elsewhere()
    {
        var all = TestApi.With(await KeyAsync("administrator"));
        var answers = new Dictionary<string, string>();
        foreach (var method in Declared().Where(m => MethodNeed.Of(NameOf(m))!.Filtered)) answers[NameOf(method)] = await TextOfAsync(_broker, method, all);
        answers["machine"] = $"{await new Contract.Machines.MachinesClient(_broker.Api()).GetAsync(new() { MachineId = $"{_both}" }, all)}";
        answers["launch"] = $"{await new Launches.LaunchesClient(_broker.Api()).GetAsync(new() { LaunchId = $"{_ana.Launch}" }, all)}";

        foreach (var (method, text) in answers)
            foreach (var word in _zeferino.Words) Assert.False(text.Contains(word, StringComparison.OrdinalIgnoreCase), $"{method} says {word}: {text}");
        string[] told = ["Sessions/List", "Sessions/Watch", "Machines/List", "Machines/Watch", "Launches/List", "Audit/List", "Tasks/List", "Tasks/Watch"];
        Assert.All(told, name => Assert.Contains("ana", answers[$"/montalegre.vdi.admin.v1.{name}"], StringComparison.Ordinal));
        Assert.All(new[] { "Machines/List", "Machines/Watch", "Tasks/List", "Tasks/Watch" }, name => Assert.Contains("comum", answers[$"/montalegre.vdi.admin.v1.{name}"], StringComparison.Ordinal));
        Assert.Contains("\"people\": 1", answers["/montalegre.vdi.admin.v1.Reports/Use"], StringComparison.Ordinal);
        // The search itself: to the one who may see everything all of it says something of him.
        foreach (var name in told) Assert.Contains("zeferino", await TextOfAsync(_broker, Declared().Single(m => NameOf(m) == $"/montalegre.vdi.admin.v1.{name}"), _boss), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_that_is_taken_up_there_comes_into_a_watch_and_goes_out_of_it_when_it_is_taken_up_elsewhere()
    {
        var key = TestApi.With(await KeyAsync("read_only")).WithDeadline(DateTime.UtcNow.AddMinutes(5));
        await EverythingIsToldAsync(_broker);
        using var sessions = new Contract.Sessions.SessionsClient(_broker.Api()).Watch(new(), key);
        using var machines = new Contract.Machines.MachinesClient(_broker.Api()).Watch(new(), key);
        Assert.Equal(new[] { _ana.OnBoth, _ana.Session }.Order(), (await NextAsync(sessions)).Snapshot.Sessions.Select(s => Guid.Parse(s.SessionId)).Order());
        Assert.Equal(["comum", "de-ana"], (await NextAsync(machines)).Snapshot.Machines.Select(m => m.Name).Order());
        using var tasks = new Contract.Tasks.TasksClient(_broker.Api()).Watch(new(), key);
        Assert.Equal(new[] { _ana.Task, _ana.TaskOnBoth, _zeferino.TaskOnBoth }.Order(), (await NextAsync(tasks)).Snapshot.Tasks.Select(t => Guid.Parse(t.TaskId)).Order());

        await ConnectAsync(_zeferino.Session, "2001:db8:4::77");
        Assert.Equal([_zeferino.Session], (await NextAsync(sessions, u => u.Changes.Changed.Any(s => s.UserName == "zeferino"), u => u.Changes is { Removed.Count: 0, Changed: var told } && told.All(s => s.UserName == "ana"))).Changes.Changed.Where(s => s.UserName != "ana").Select(s => Guid.Parse(s.SessionId)));
        Assert.Equal(["de-zeferino"], (await NextAsync(machines, u => u.Changes.Changed.Any(m => m.Name == "de-zeferino"), u => u.Changes is { Removed.Count: 0, Changed: var told } && told.All(m => m.Name is "de-ana" or "comum"))).Changes.Changed.Select(m => m.Name).Except(["de-ana", "comum"]));
        Assert.Equal([_zeferino.Task], (await NextAsync(tasks, u => u.Changes.Changed.Any(t => t.TaskId == $"{_zeferino.Task}"), u => u.Changes is { Removed.Count: 0 })).Changes.Changed.Select(t => Guid.Parse(t.TaskId)).Except([_ana.Task, _ana.TaskOnBoth, _zeferino.TaskOnBoth]));

        await ConnectAsync(_zeferino.Session, "2001:db8:5::77");
        Assert.Equal([_zeferino.Session], (await NextAsync(sessions)).Changes.Removed.Select(Guid.Parse));
        Assert.Equal([_zeferino.Machine], (await NextAsync(machines)).Changes.Removed.Select(Guid.Parse));
        Assert.Equal([_zeferino.Task], (await NextAsync(tasks)).Changes.Removed.Select(Guid.Parse));

        // Other networks are another scope: the watch ends, and the next one has what they have.
        await Endpoints.ChangeAsync(new() { EndpointGroupId = $"{_counter}", Name = "Balcões", Networks = { "10.30.0.9" } }, _boss);
        var ended = await Assert.ThrowsAsync<RpcException>(async () => { while (await sessions.ResponseStream.MoveNext(Ct)) Assert.Null(sessions.ResponseStream.Current.Snapshot); });
        Assert.Equal("BROKER_UNAVAILABLE", ended.Trailers.GetValue("reason"));
        Assert.Equal($"{_zeferino.OnBoth}", Assert.Single((await new Contract.Sessions.SessionsClient(_broker.Api()).ListAsync(new(), key)).Sessions).SessionId);
    }

    [Fact]
    public async Task Help_desk_of_a_counter_helps_who_sits_there_and_a_grant_says_what_it_reaches()
    {
        var request = new GrantRoleRequest { UserName = "rui", Role = "help_desk", ScopeEndpointGroupId = $"{_counter}" };
        var tried = await Roles.GrantAsync(new(request) { DryRun = true }, _boss);
        Assert.Equal(("", 0u, 0u, 2u, 2u), (tried.GrantId, tried.People, tried.Pools, tried.Machines, tried.Sessions));
        var given = await Roles.GrantAsync(request, _boss);
        Assert.Equal((given.GrantId, "Balcões"), ((await Roles.GrantAsync(request, _boss)).GrantId, given.ScopeEndpointGroupName));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await Roles.GrantAsync(new(request) { ScopePoolId = $"{_pool}" }, _boss)));
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Roles.GrantAsync(new(request) { ScopeEndpointGroupId = $"{Guid.NewGuid()}" }, _boss)));
        var row = Assert.Single((await new Contract.Reports.ReportsClient(_broker.Api()).AccessAsync(new(), _boss)).People, p => p.UserName == "rui");
        Assert.Equal(("help_desk", "Balcões"), (Assert.Single(row.Roles).Role, row.Roles[0].EndpointGroupName));

        var rui = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rui", TestApi.Password));
        Assert.All((await Roles.MineAsync(new(), rui)).Permissions, p => Assert.Equal((false, 0, $"{_counter}"), (p.Everything, p.PoolIds.Count, Assert.Single(p.EndpointGroupIds))));
        Assert.Empty((await new Users.UsersClient(_broker.Api()).ListAsync(new(), rui)).Users);
        Assert.Equal($"{_ana.Session}", (await new Contract.Sessions.SessionsClient(_broker.Api()).GetAsync(new() { SessionId = $"{_ana.Session}" }, rui)).Session.SessionId);
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await new Contract.Sessions.SessionsClient(_broker.Api()).GetAsync(new() { SessionId = $"{_zeferino.Session}" }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Endpoints.ListAsync(new(), rui)));

        Assert.Equal("ENDPOINTS_IN_USE", await WhyNotAsync(async () => await Endpoints.DeleteAsync(new() { EndpointGroupId = $"{_counter}" }, _boss)));
        await Roles.TakeAwayAsync(new() { GrantId = given.GrantId }, _boss);
        Assert.Equal("help_desk endpoints:Balcões", await AuditReferenceAsync("role.take_away"));
        await Endpoints.DeleteAsync(new() { EndpointGroupId = $"{_counter}" }, _boss);
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Endpoints.DeleteAsync(new() { EndpointGroupId = $"{_counter}" }, _boss)));
        // Administrator over endpoints is not administrator of everything: the last one stays.
        var others = await Endpoints.MakeAsync(new() { Name = "Escola", Networks = { "10.40.0.0/16" } }, _boss);
        await Roles.GrantAsync(new() { UserName = "rui", Role = "administrator", ScopeEndpointGroupId = others.EndpointGroupId }, _boss);
        var last = (await Roles.ListGrantsAsync(new() { UserName = "rosa" }, _boss)).Grants.Single();
        Assert.Equal("LAST_ADMINISTRATOR", await WhyNotAsync(async () => await Roles.TakeAwayAsync(new() { GrantId = last.GrantId }, _boss)));
    }

    [Fact]
    public async Task Networks_are_read_as_written_bounded_and_changed_only_by_who_holds_what_others_hold_over_them()
    {
        string[] wrong = ["", "rede", "10.20.0.0/33", "fe80::1%2", "::ffff:10.0.0.0/120", new('1', 200)];
        foreach (var network in wrong) Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await Endpoints.MakeAsync(new() { Name = "x", Networks = { network } }, _boss)));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await Endpoints.MakeAsync(new() { Name = "x" }, _boss)));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await Endpoints.MakeAsync(new() { Name = "x", Networks = { Enumerable.Range(0, 33).Select(n => $"10.{n}.0.0/16") } }, _boss)));
        Assert.Equal("NAME_TAKEN", await WhyNotAsync(async () => await Endpoints.MakeAsync(new() { Name = "balcões", Networks = { "10.0.0.0/8" } }, _boss)));
        Assert.Equal(["10.1.2.3/32", "2001:db8::1/128", "10.0.0.0/8"], (await Endpoints.MakeAsync(new() { Name = "Tudo", Networks = { " 10.1.2.3", "2001:DB8:0::1", "10.0.0.0/8", "10.1.2.3/32" } }, _boss)).Networks);
        Assert.Equal((2u, 0u), (await Endpoints.ListAsync(new(), _boss)).Groups.Where(g => g.Name == "Balcões").Select(g => (g.Sessions, g.Grants)).Single());
        await using (var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct))
            Assert.Equal(["10.0.0.1", "10.0.0.1", "::1", "fe80::1", null, null, null], (await connection.QueryAsync<string?>(
                "select host(inet_of(t)) from unnest(@texts) with ordinality as u (t, n) order by n", new { texts = new[] { "10.0.0.1", "::FFFF:10.0.0.1", "::1", "fe80::1%eth0", "", "posto-1", "10.0.0.1:3389" } })).AsList());

        await Roles.SetAsync(new() { Name = "redes", Permissions = { "roles.manage", "roles.read" } }, _boss);
        await Roles.GrantAsync(new() { UserName = "rui", Role = "redes" }, _boss);
        await Roles.GrantAsync(new() { UserName = "rui", Role = "help_desk", ScopeEndpointGroupId = $"{_counter}" }, _boss);
        var rui = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rui", TestApi.Password));
        var wider = new ChangeEndpointGroupRequest { EndpointGroupId = $"{_counter}", Name = "Balcões", Networks = { "10.0.0.0/8" } };
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Endpoints.ChangeAsync(wider, rui)));
        await Endpoints.ChangeAsync(new() { EndpointGroupId = $"{_counter}", Name = "Balcão", Networks = { "10.20.0.0/16", "2001:db8:4::/48" } }, rui);
        Assert.Equal(4u, (await Endpoints.ChangeAsync(wider, _boss)).Sessions);
        // A key is within what its maker holds: over endpoints he makes none that could be everybody's.
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await new ApiKeys.ApiKeysClient(_broker.Api()).MakeAsync(new() { Name = "x", Role = "read_only", Days = 1, ScopeEndpointGroupId = $"{_counter}" }, rui)));
    }

    private async Task ConnectAsync(Guid session, string address)
    {
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync("insert into connection (connection_id, session_id, client_address, created_at) values (gen_random_uuid(), @session, @address, clock_timestamp())", new { session, address });
    }

    private async Task<string> KeyAsync(string role) => (await new ApiKeys.ApiKeysClient(_broker.Api()).MakeAsync(
        new() { Name = role.Replace('_', '-'), Role = role, ScopeEndpointGroupId = $"{_counter}", Days = 1 }, _boss)).Secret;

    private async Task<string> AuditReferenceAsync(string action) => (await _broker.Services.GetRequiredService<AuditStore>().ListAsync(0, 100, AuditAbout.Everything, PoolScope.Everything, Ct)).First(e => e.Action == action).Reference;

    /// <summary>A person with a machine of his own, a place on the shared one, a launch and a question for help.</summary>
    /// <param name="Address">From where he works now, as a door for both families writes it.</param>
    /// <param name="Before">From where he worked an hour ago.</param>
    private sealed record Of(string Name, string Address, string Before)
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
