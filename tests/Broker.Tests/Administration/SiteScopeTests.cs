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

/// <summary>A role at one of two sites, on a whole broker: each has a host, a pool with a machine on it, and somebody at work there.</summary>
public sealed class SiteScopeTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private readonly At _north = new("aquilonia"), _south = new("meridiana");
    private CallOptions _boss;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Roles.RolesClient Roles => new(_broker.Api());

    private Contract.Pools.PoolsClient Pools => new(_broker.Api());

    private Contract.Sites.SitesClient Sites => new(_broker.Api());

    private Contract.Infrastructure.InfrastructureClient Infrastructure => new(_broker.Api());

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync("insert into gateway (gateway_id, name, rdp_address) values (gen_random_uuid(), 'porta', '127.0.0.1:1')");
        foreach (var at in new[] { _north, _south })
        {
            await connection.ExecuteAsync(
                """
                insert into site (site_id, name) values (@Site, @Name);
                insert into host (host_id, name, uri, network, storage_path, site_id) values (@Host, 'host-' || @Name, 'test:///default', 'user', '/srv/' || @Name, @Site);
                insert into pool (pool_id, name, kind, size, site_id) values (@Pool, 'pool-' || @Name, 'manual', 1, @Site);
                insert into pool_host (pool_id, host_id) values (@Pool, @Host);
                insert into app_user (user_id, user_name, display_name) values (@User, 'gente-' || @Name, initcap(@Name));
                insert into machine (machine_id, pool_id, name, ordinal, manual, state, host_id) values (@Machine, @Pool, 'maq-' || @Name, 1, true, 'in_use', @Host);
                insert into session (session_id, request_id, user_id, pool_id, machine_id, state, machine_name) values (@Session, gen_random_uuid(), @User, @Pool, @Machine, 'active', 'maq-' || @Name);
                insert into operation (operation_id, kind, machine_id, step, state, cause, asked_by) values (@Task, 'wake', @Machine, 'magic_packet', 'running', 'person', 'gente-' || @Name);
                insert into launch_trace (launch_trace_id, asked_at, request_id, user_id, user_name, pool_id, outcome, rule, attempts, deciding_ms)
                     values (@Launch, now(), gen_random_uuid(), @User, 'gente-' || @Name, @Pool, 'started', 'free_machine', 1, 1);
                insert into connection (connection_id, session_id, client_name) values (@Session, @Session, 'portatil-' || @Name);
                insert into assistance (assistance_id, session_id, connection_id, gateway_id, administrator_id, administrator, shown_name, sign_in_sha256, control, reason, state, state_until)
                     select @Assistance, @Session, @Session, gateway_id, @User, 'rui', 'Rui', sha256('x'), false, 'ligou', 'asked', now() + interval '1 hour' from gateway;
                insert into alert (alert_id, rule, object_kind, object_key, object_name, state, severity, value, threshold, for_seconds, detail, began_at, opened_at)
                     values (gen_random_uuid(), 'host_lost', 'host', @Host::text, 'host-' || @Name, 'open', 'critical', 1, 1, 0, '', now(), now());
                update host set state = 'draining', state_by = 'rosa' where host_id = @Host;
                insert into audit_event (actor, action, object_kind, object_id, object_name) values
                    ('rui', 'session.log_off', 'session', @Session, 'maq-' || @Name), ('rui', 'host.state', 'host', @Host, 'host-' || @Name), ('rui', 'site.change', 'site', @Site, @Name);
                """, at);
        }
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        foreach (var (name, administrator) in new[] { ("rosa", true), ("rui", false) })
            await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new(Guid.CreateVersion7()), name, name, true, administrator), hash!, TestApi.By);
        _boss = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rosa", TestApi.Password));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Every_method_is_for_what_is_at_the_site_and_nothing_else()
    {
        var (byObject, hosts) = (0, 0);
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
                    if (field is "host_id") hosts++;
                    if (_north.IdOf(field) is { } mine) await IsAsync(holds ? "admitted" : "PERMISSION_MISSING", field, mine);
                    await IsAsync(holds ? "NOT_FOUND" : "PERMISSION_MISSING", field, _south.IdOf(field) ?? $"{_south.User}");
                    await IsAsync(holds ? "NOT_FOUND" : "PERMISSION_MISSING", field, $"{Guid.NewGuid()}");
                }
                if (need.Person is not null && need.Objects.Count == 0) await IsAsync(holds && need.Filtered ? "admitted" : "PERMISSION_MISSING", "user_name", "gente-aquilonia");
            }
        }
        Assert.True(byObject > 100 && hosts >= 25, $"{byObject} {hosts}");
    }

    [Fact]
    public async Task No_list_and_no_watch_says_anything_about_another_site()
    {
        var all = TestApi.With(await KeyAsync("administrator"));
        var answers = new Dictionary<string, string>();
        foreach (var method in Declared().Where(m => MethodNeed.Of(NameOf(m))!.Filtered)) answers[NameOf(method)] = await TextOfAsync(_broker, method, all);

        foreach (var (method, text) in answers)
            foreach (var word in _south.Words) Assert.False(text.Contains(word, StringComparison.OrdinalIgnoreCase), $"{method} says {word}: {text}");
        string[] told = ["Sites/List", "Infrastructure/ListHosts", "Pools/List", "Pools/Watch", "Machines/List", "Machines/Watch", "Sessions/List", "Sessions/Watch", "Launches/List", "Users/List", "Audit/List", "Alerts/List", "Alerts/Watch", "Tasks/List", "Tasks/Watch"];
        Assert.All(told, name => Assert.Contains("aquilonia", answers[$"/montalegre.vdi.admin.v1.{name}"], StringComparison.OrdinalIgnoreCase));
        Assert.Contains("host-aquilonia", answers["/montalegre.vdi.admin.v1.Tasks/List"], StringComparison.Ordinal);
        Assert.Contains("host-aquilonia", answers["/montalegre.vdi.admin.v1.Audit/List"], StringComparison.Ordinal);
        Assert.DoesNotContain("\"askedBy\": \"\"", answers["/montalegre.vdi.admin.v1.Tasks/List"], StringComparison.Ordinal);
        // The search itself: to the one who may see everything all of it says something of the other site.
        foreach (var name in told) Assert.Contains("meridiana", await TextOfAsync(_broker, Declared().Single(m => NameOf(m) == $"/montalegre.vdi.admin.v1.{name}"), _boss), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Pool_that_comes_to_the_site_or_leaves_it_is_felt_at_once_by_people_and_keys()
    {
        await Roles.GrantAsync(new() { UserName = "rui", Role = "read_only", ScopeSiteId = $"{_north.Site}" }, _boss);
        var rui = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rui", TestApi.Password));
        foreach (var by in new[] { rui, TestApi.With(await KeyAsync("read_only")) })
        {
            using (var watch = new Contract.Sessions.SessionsClient(_broker.Api()).Watch(new(), by.WithDeadline(DateTime.UtcNow.AddMinutes(5))))
            {
                Assert.Equal([$"{_north.Session}"], (await NextAsync(watch)).Snapshot.Sessions.Select(s => s.SessionId));
                await Pools.UpdateAsync(new() { PoolId = $"{_south.Pool}", SiteId = "" }, _boss);
                await Infrastructure.SetHostSiteAsync(new() { HostId = $"{_south.Host}", SiteId = $"{_north.Site}" }, _boss);
                await Pools.UpdateAsync(new() { PoolId = $"{_south.Pool}", SiteId = $"{_north.Site}" }, _boss);
                Assert.Equal("BROKER_UNAVAILABLE", await EndOfAsync(watch));
            }
            using (var watch = new Contract.Sessions.SessionsClient(_broker.Api()).Watch(new(), by.WithDeadline(DateTime.UtcNow.AddMinutes(5))))
            {
                Assert.Equal(new[] { $"{_north.Session}", $"{_south.Session}" }.Order(), (await NextAsync(watch)).Snapshot.Sessions.Select(s => s.SessionId).Order());
                await Pools.UpdateAsync(new() { PoolId = $"{_south.Pool}", SiteId = "" }, _boss);
                Assert.Equal("BROKER_UNAVAILABLE", await EndOfAsync(watch, knows: true));
            }
            Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await new Contract.Sessions.SessionsClient(_broker.Api()).GetAsync(new() { SessionId = $"{_south.Session}" }, by)));
        }
    }

    [Fact]
    public async Task Host_that_comes_to_the_site_ends_a_watch_in_which_its_alerts_would_be_missing()
    {
        var key = TestApi.With(await KeyAsync("read_only")).WithDeadline(DateTime.UtcNow.AddMinutes(5));
        using var watch = new Contract.Alerts.AlertsClient(_broker.Api()).Watch(new(), key);
        Assert.DoesNotContain("meridiana", $"{await NextAsync(watch)}", StringComparison.Ordinal);
        await Pools.UpdateAsync(new() { PoolId = $"{_south.Pool}", SiteId = "" }, _boss);
        await Infrastructure.SetHostSiteAsync(new() { HostId = $"{_south.Host}", SiteId = $"{_north.Site}" }, _boss);
        Assert.Equal("BROKER_UNAVAILABLE", await EndOfAsync(watch));
        using var again = new Contract.Alerts.AlertsClient(_broker.Api()).Watch(new(), key);
        Assert.Contains("meridiana", $"{await NextAsync(again)}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Administrator_of_a_site_runs_its_hosts_and_makes_pools_there_but_moves_nothing_and_gives_nothing()
    {
        await Roles.GrantAsync(new() { UserName = "rui", Role = "administrator", ScopeSiteId = $"{_north.Site}" }, _boss);
        var rui = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rui", TestApi.Password));
        Assert.All((await Roles.MineAsync(new(), rui)).Permissions, p => Assert.Equal((false, $"{_north.Pool}", $"{_north.Site}"), (p.Everything, Assert.Single(p.PoolIds), Assert.Single(p.SiteIds))));

        Assert.Equal(1u, (await Infrastructure.SetHostStateAsync(new() { HostId = $"{_north.Host}", State = HostState.Maintenance }, rui)).Sessions);
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Infrastructure.SetHostStateAsync(new() { HostId = $"{_south.Host}", State = HostState.Maintenance }, rui)));
        Assert.Equal("host-aquilonia", Assert.Single((await Infrastructure.ListHostsAsync(new(), rui)).Hosts).Name);
        // Its storage may be that of hosts elsewhere, and a host that is added could be one that is theirs already.
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Infrastructure.SetHostStorageAsync(new() { HostId = $"{_north.Host}", SharedStorage = "nfs" }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Infrastructure.AddHostAsync(new() { Name = "x", Uri = "test:///default", Network = "user", StoragePath = "/x", AtSiteId = $"{_north.Site}" }, rui)));

        var made = await Pools.CreateAsync(new() { Name = "novo", Kind = PoolKind.Manual, SiteId = $"{_north.Site}" }, rui);
        Assert.Equal("aquilonia", made.SiteName);
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Pools.CreateAsync(new() { Name = "alheio", Kind = PoolKind.Manual, SiteId = $"{_south.Site}" }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Pools.CreateAsync(new() { Name = "solto", Kind = PoolKind.Manual }, rui)));
        await Pools.UpdateAsync(new() { PoolId = made.PoolId, Description = "seu", SiteId = $"{_north.Site}" }, rui);
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Pools.UpdateAsync(new() { PoolId = made.PoolId, SiteId = "" }, rui)));
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Pools.UpdateAsync(new() { PoolId = made.PoolId, SiteId = $"{_south.Site}" }, rui)));
        Assert.Equal("HOST_OF_OTHER_SITE", await WhyNotAsync(async () => await Pools.UpdateAsync(new() { PoolId = made.PoolId, Hosts = new() { HostIds = { $"{_south.Host}" } } }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Infrastructure.SetHostSiteAsync(new() { HostId = $"{_north.Host}" }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Roles.GrantAsync(new() { UserName = "gente-aquilonia", Role = "read_only", ScopeSiteId = $"{_north.Site}" }, rui)));

        // A key of the site he makes, and it opens no more than the site; elsewhere he makes none.
        var keys = new ApiKeys.ApiKeysClient(_broker.Api());
        var key = await keys.MakeAsync(new() { Name = "dele", Role = "read_only", Days = 1, SiteId = $"{_north.Site}" }, rui);
        Assert.Equal("aquilonia", key.Key.SiteName);
        Assert.Equal(2, (await Pools.ListAsync(new(), TestApi.With(key.Secret))).Pools.Count);
        Assert.Equal(["dele"], (await keys.ListAsync(new(), rui)).Keys.Select(k => k.Name));
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = "alheia", Role = "read_only", Days = 1, SiteId = $"{_south.Site}" }, rui)));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = "x", Role = "read_only", Days = 1, SiteId = $"{_north.Site}", PoolId = $"{_north.Pool}" }, rui)));
        await keys.RevokeAsync(new() { ApiKeyId = key.Key.ApiKeyId }, rui);

        // Administrator of a site is not administrator of everything: the last one stays.
        var last = (await Roles.ListGrantsAsync(new() { UserName = "rosa" }, _boss)).Grants.Single();
        Assert.Equal("LAST_ADMINISTRATOR", await WhyNotAsync(async () => await Roles.TakeAwayAsync(new() { GrantId = last.GrantId }, _boss)));
    }

    [Fact]
    public async Task Whoever_moves_things_between_sites_holds_what_others_hold_there()
    {
        await Roles.SetAsync(new() { Name = "mudancas", Permissions = { "pools.manage", "pools.read", "hosts.manage", "hosts.read" } }, _boss);
        await Roles.GrantAsync(new() { UserName = "rui", Role = "mudancas" }, _boss);
        var rui = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rui", TestApi.Password));
        var empty = await Sites.MakeAsync(new() { Name = "Arquivo" }, rui);
        await Pools.UpdateAsync(new() { PoolId = $"{_south.Pool}", SiteId = "" }, rui);
        await Infrastructure.SetHostSiteAsync(new() { HostId = $"{_south.Host}", SiteId = empty.SiteId }, rui);

        // He himself has a role at the site now: what he puts there he would get.
        await Roles.GrantAsync(new() { UserName = "rui", Role = "administrator", ScopeSiteId = empty.SiteId }, _boss);
        await Task.Delay(TimeSpan.FromSeconds(2.1), Ct);
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Pools.UpdateAsync(new() { PoolId = $"{_south.Pool}", SiteId = empty.SiteId }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Infrastructure.SetHostSiteAsync(new() { HostId = $"{_south.Host}" }, rui)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Infrastructure.AddHostAsync(new() { Name = "x", Uri = "test:///default", Network = "user", StoragePath = "/x", AtSiteId = empty.SiteId }, rui)));
        await Pools.UpdateAsync(new() { PoolId = $"{_south.Pool}", SiteId = empty.SiteId }, _boss);
        Assert.Equal($"{_south.Pool}", (await Pools.ListAsync(new(), _boss)).Pools.Single(p => p.SiteName == "Arquivo").PoolId);
    }

    [Fact]
    public async Task Pool_of_a_site_has_hosts_of_that_site_only_also_when_two_move_things_at_once()
    {
        async Task<string?> DetailAsync(Func<Task> act) => (await Assert.ThrowsAsync<RpcException>(act)) is { } e && e.Trailers.GetValue("reason") == "HOST_OF_OTHER_SITE" ? e.Trailers.GetValue("reason-detail") : null;
        Assert.Equal("host-meridiana (meridiana)", await DetailAsync(async () => await Pools.UpdateAsync(new() { PoolId = $"{_north.Pool}", Hosts = new() { HostIds = { $"{_north.Host}", $"{_south.Host}" } } }, _boss)));
        Assert.Equal("pool-aquilonia (aquilonia)", await DetailAsync(async () => await Infrastructure.SetHostSiteAsync(new() { HostId = $"{_north.Host}", SiteId = $"{_south.Site}" }, _boss)));
        Assert.Equal("host-aquilonia (aquilonia)", await DetailAsync(async () => await Pools.UpdateAsync(new() { PoolId = $"{_north.Pool}", SiteId = $"{_south.Site}" }, _boss)));

        await using var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct);
        for (var round = 0; round < 10; round++)
        {
            await Pools.UpdateAsync(new() { PoolId = $"{_north.Pool}", SiteId = "" }, _boss);
            await Infrastructure.SetHostSiteAsync(new() { HostId = $"{_north.Host}", SiteId = $"{_north.Site}" }, _boss);
            var both = await Task.WhenAll(
                TryAsync(async () => await Pools.UpdateAsync(new() { PoolId = $"{_north.Pool}", SiteId = $"{_north.Site}" }, _boss)),
                TryAsync(async () => await Infrastructure.SetHostSiteAsync(new() { HostId = $"{_north.Host}", SiteId = $"{_south.Site}" }, _boss)));
            Assert.Equal(["", "HOST_OF_OTHER_SITE"], both.Order());
            Assert.Equal(0, await connection.ExecuteScalarAsync<int>("select count(*)::int from pool_host join pool p using (pool_id) join host h using (host_id) where p.site_id is distinct from h.site_id and p.site_id is not null"));
        }

        static async Task<string> TryAsync(Func<Task> act)
        {
            try
            {
                await act();
                return "";
            }
            catch (RpcException e) { return e.Trailers.GetValue("reason") ?? "?"; }
        }
    }

    [Fact]
    public async Task Site_has_a_name_of_its_own_and_is_kept_by_whatever_is_there()
    {
        Assert.Equal("NAME_TAKEN", await WhyNotAsync(async () => await Sites.MakeAsync(new() { Name = " AQUILONIA " }, _boss)));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await Sites.MakeAsync(new() { Name = " " }, _boss)));
        var made = await Sites.MakeAsync(new() { Name = "Biblioteca", Description = "rés-do-chão" }, _boss);
        Assert.Equal("NAME_TAKEN", await WhyNotAsync(async () => await Sites.ChangeAsync(new() { SiteId = made.SiteId, Name = "meridiana" }, _boss)));
        Assert.Equal(("biblioteca", ""), await ChangedAsync());
        async Task<(string, string)> ChangedAsync() => await Sites.ChangeAsync(new() { SiteId = made.SiteId, Name = "biblioteca" }, _boss) is var now ? (now.Name, now.Description) : default;

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await Sites.DeleteAsync(new() { SiteId = $"{_north.Site}" }, _boss));
        Assert.Equal(("SITE_IN_USE", "hosts: 1, pools: 1, grants: 0"), (refused.Trailers.GetValue("reason"), refused.Trailers.GetValue("reason-detail")));
        var tried = await Roles.GrantAsync(new() { UserName = "rui", Role = "help_desk", ScopeSiteId = $"{_north.Site}", DryRun = true }, _boss);
        Assert.Equal((1u, 1u, 1u, 1u), (tried.Pools, tried.Machines, tried.Sessions, tried.Hosts));
        var given = await Roles.GrantAsync(new() { UserName = "rui", Role = "help_desk", ScopeSiteId = made.SiteId }, _boss);
        Assert.Equal((given.GrantId, "biblioteca"), ((await Roles.GrantAsync(new() { UserName = "rui", Role = "help_desk", ScopeSiteId = made.SiteId }, _boss)).GrantId, given.ScopeSiteName));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await Roles.GrantAsync(new() { UserName = "rui", Role = "help_desk", ScopeSiteId = made.SiteId, ScopePoolId = $"{_north.Pool}" }, _boss)));
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Roles.GrantAsync(new() { UserName = "rui", Role = "help_desk", ScopeSiteId = $"{Guid.NewGuid()}" }, _boss)));
        Assert.Equal("SITE_IN_USE", await WhyNotAsync(async () => await Sites.DeleteAsync(new() { SiteId = made.SiteId }, _boss)));
        var row = Assert.Single((await new Contract.Reports.ReportsClient(_broker.Api()).AccessAsync(new(), _boss)).People, p => p.UserName == "rui");
        Assert.Equal(("help_desk", "biblioteca"), (Assert.Single(row.Roles).Role, row.Roles[0].SiteName));
        await Roles.TakeAwayAsync(new() { GrantId = given.GrantId }, _boss);
        await Sites.DeleteAsync(new() { SiteId = made.SiteId }, _boss);
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Sites.DeleteAsync(new() { SiteId = made.SiteId }, _boss)));
        var audit = await _broker.Services.GetRequiredService<AuditStore>().ListAsync(0, 100, AuditAbout.Everything, PoolScope.Everything, Ct);
        Assert.Equal(["help_desk site:biblioteca"], audit.Where(e => e.Action == "role.take_away").Select(e => e.Reference));
        Assert.Equal(["site.delete", "site.change", "site.make"], audit.Where(e => e.ObjectId == Guid.Parse(made.SiteId)).Select(e => e.Action));
    }

    private async Task<string> KeyAsync(string role) => (await new ApiKeys.ApiKeysClient(_broker.Api()).MakeAsync(
        new() { Name = role.Replace('_', '-'), Role = role, SiteId = $"{_north.Site}", Days = 1 }, _boss)).Secret;

    // For two seconds a caller is remembered: until then he may hear of what he knew, and of nothing else.
    private static async Task<string?> EndOfAsync<T>(AsyncServerStreamingCall<T> watch, bool knows = false)
    {
        try
        {
            while (await watch.ResponseStream.MoveNext(Ct)) if (!knows) Assert.DoesNotContain("meridiana", $"{watch.ResponseStream.Current}", StringComparison.Ordinal);
            return "";
        }
        catch (RpcException e) { return e.Trailers.GetValue("reason"); }
    }

    /// <summary>What is at one site.</summary>
    private sealed record At(string Name)
    {
        public Guid Site { get; } = Guid.NewGuid();
        public Guid Host { get; } = Guid.NewGuid();
        public Guid Pool { get; } = Guid.NewGuid();
        public Guid User { get; } = Guid.NewGuid();
        public Guid Machine { get; } = Guid.NewGuid();
        public Guid Session { get; } = Guid.NewGuid();
        public Guid Launch { get; } = Guid.NewGuid();
        public Guid Assistance { get; } = Guid.NewGuid();
        public Guid Task { get; } = Guid.NewGuid();

        public IEnumerable<string> Words => [Name, .. new[] { Site, Host, Pool, User, Machine, Session, Launch, Assistance, Task }.Select(id => $"{id}")];

        /// <summary>Null for what there is none of.</summary>
        public string? IdOf(string field) => field switch
        {
            "site_id" => $"{Site}",
            "host_id" => $"{Host}",
            "pool_id" => $"{Pool}",
            "machine_id" => $"{Machine}",
            "session_id" => $"{Session}",
            "launch_id" => $"{Launch}",
            "assistance_id" => $"{Assistance}",
            "task_id" => $"{Task}",
            _ => null,
        };
    }
}
