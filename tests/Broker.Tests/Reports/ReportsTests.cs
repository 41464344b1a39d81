using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Reports;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Reports;

/// <summary>Reports count what was, in the days of the reader, and each reader's own pools alone.</summary>
public sealed class ReportsTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);
    private Arrange _rows = null!;
    private TestApi _api = null!;
    private CallOptions _all, _one;
    private PoolId _mine, _other;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Contracts.Admin.V1.Reports.ReportsClient Reports => new(_api.Calls);

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _rows = new(_database.DataSource);
        _api = await TestApi.StartAsync(_database, null, ("Energy:CountEvery", "00:10:00"));   // the tests count, and its own loop does not count meanwhile
        (_mine, _other) = (await _rows.PoolAsync("floating"), await _rows.SharedPoolAsync(4));
        _all = TestApi.With(await TokenAsync("everybody", "administrator", null));
        _one = TestApi.With(await TokenAsync("limited", "pool_operator", _mine.Value));
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Sessions_and_hours_stand_on_the_days_of_the_reader_and_are_cut_at_the_ends_of_the_time()
    {
        var user = await _rows.UserAsync();
        await SessionAsync(_mine, user, "2026-03-02T22:00:00Z", "2026-03-03T01:30:00Z");
        await SessionAsync(_mine, user, "2026-03-03T09:00:00Z", "2026-03-03T10:00:00Z");
        await SessionAsync(_mine, user, "2026-02-20T09:00:00Z", "2026-03-01T06:00:00Z");    // began before
        await SessionAsync(_mine, user, "2026-02-20T09:00:00Z", "2026-02-28T23:59:00Z");    // ended before
        await SessionAsync(_mine, user, "2026-03-03T09:00:00Z", "2026-03-03T10:00:00Z", synthetic: true);
        await SessionAsync(_other, await _rows.UserAsync(), "2026-03-03T09:00:00Z", "2026-03-04T03:00:00Z");

        var utc = await Reports.UseAsync(Days("2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z"), _all);
        Assert.Equal(
            [("2026-03-01", 0u, 1u, 6.0), ("2026-03-02", 1u, 1u, 2.0), ("2026-03-03", 1u, 1u, 2.5)],
            utc.Rows.Where(r => r.PoolId == _mine.Value.ToString()).OrderBy(r => r.Day).Select(r => (r.Day, r.Sessions, r.People, Math.Round(r.Hours, 6))));
        Assert.Equal(15.0, Assert.Single(utc.Rows, r => r.PoolId == _other.Value.ToString()).Hours, 6);
        Assert.False(utc.Cut);

        // An hour east, the first begins on the 2nd at 23 and ends on the 3rd at 02:30; the time itself begins and ends in the middle of a night.
        var east = Days("2026-03-02T22:30:00Z", "2026-03-03T09:30:00Z");
        east.TimeZone = "Europe/Madrid";
        Assert.Equal([("2026-03-02", 0u, 0.5), ("2026-03-03", 1u, 3.0)], (await Reports.UseAsync(east, _one)).Rows.OrderBy(r => r.Day).Select(r => (r.Day, r.Sessions, Math.Round(r.Hours, 6))));
    }

    [Fact]
    public async Task Use_of_published_applications_stands_by_application_under_its_newest_name_the_most_used_first()
    {
        var (a, b) = (await _rows.UserAsync(), await _rows.UserAsync());
        var (editor, sap) = (Guid.NewGuid(), Guid.NewGuid());
        await OfAsync(editor, "Editor", await SessionAsync(_mine, a, "2026-03-01T22:00:00Z", "2026-03-02T01:00:00Z"));    // began before
        await OfAsync(editor, "Editor de texto", await SessionAsync(_mine, b, "2026-03-03T09:00:00Z", "2026-03-03T10:00:00Z"));
        await OfAsync(sap, "SAP", await SessionAsync(_mine, b, "2026-03-03T10:00:00Z", "2026-03-03T15:00:00Z"));
        await OfAsync(sap, "SAP", await SessionAsync(_other, b, "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z"));
        await SessionAsync(_mine, a, "2026-03-03T09:00:00Z", "2026-03-03T10:00:00Z");                                     // the desktop

        var mine = (await Reports.UseAsync(Days("2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z"), _one)).Applications;
        Assert.Equal([("SAP", 1u, 1u, 5.0), ("Editor de texto", 1u, 2u, 2.0)], mine.Select(r => (r.ApplicationName, r.Sessions, r.People, Math.Round(r.Hours, 6))));
        Assert.Equal(3, (await Reports.UseAsync(Days("2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z"), _all)).Applications.Count);
        Assert.Empty((await Reports.UseAsync(Days("2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"), _all)).Applications);

        // A further one, opened and closed in the middle of SAP's session.
        await _rows.ExecuteAsync("""
            insert into session_program (session_id, application_id, name, program, arguments, launch_id, due, started_at, ended_at)
            select session_id, @mail, 'Correio', 'x', '', request_id, false, started_at + interval '1 hour', started_at + interval '3 hours' from session where application_id = @sap and pool_id = @pool
            """, new { mail = Guid.NewGuid(), sap, pool = _mine.Value });
        Assert.Equal([("SAP", 5.0), ("Correio", 2.0), ("Editor de texto", 2.0)], (await Reports.UseAsync(Days("2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z"), _one)).Applications.Select(r => (r.ApplicationName, Math.Round(r.Hours, 6))).OrderByDescending(r => r.Item2).ThenBy(r => r.ApplicationName));

        Task OfAsync(Guid application, string name, Guid session) =>
            _rows.ExecuteAsync("update session set application_id = @application, application_name = @name, program = 'x', arguments = '' where session_id = @session; insert into session_program (session_id, application_id, name, program, arguments, launch_id, due, started_at) select session_id, @application, @name, 'x', '', request_id, false, started_at from session where session_id = @session", new { application, name, session });
    }

    [Fact]
    public async Task Most_at_once_is_set_against_the_room_with_who_waited_and_who_was_refused_and_why()
    {
        var (a, b) = (await _rows.UserAsync(), await _rows.UserAsync());
        await SessionAsync(_mine, a, "2026-03-03T09:00:00Z", "2026-03-03T10:00:00Z");
        await SessionAsync(_mine, b, "2026-03-03T09:30:00Z", "2026-03-03T09:45:00Z");
        await SessionAsync(_mine, b, "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z");    // one goes as the other comes
        await LaunchAsync(_mine, a, "2026-03-03T09:00:00Z", "started", null, 0);
        await LaunchAsync(_mine, b, "2026-03-03T09:29:00Z", "started", null, 42);
        await LaunchAsync(_mine, b, "2026-03-03T12:00:00Z", "refused", nameof(RefusalReason.NotEntitled), 0);
        await LaunchAsync(_other, b, "2026-03-03T12:00:00Z", "refused", nameof(RefusalReason.NotEntitled), 0);

        var report = await Reports.CapacityAsync(Days("2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z"), _all);

        var mine = Assert.Single(report.Rows, r => r.PoolId == _mine.Value.ToString());
        Assert.Equal((10u, 2u, "2026-03-03T09:30:00Z"), (mine.Room, mine.MostAtOnce, mine.MostAt.ToDateTimeOffset().ToString("yyyy-MM-ddTHH:mm:ssZ", null)));
        Assert.Equal((3u, 1u, 42.0), (mine.Launches, mine.Waited, Math.Round(mine.LongestWaitSeconds, 6)));
        Assert.Equal(("NOT_ENTITLED", 1u), (Assert.Single(mine.Refusals).Reason, mine.Refusals[0].Count));
        Assert.Equal((40u, 0u, 1u), (report.Rows.Single(r => r.PoolId == _other.Value.ToString()) is var o ? (o.Room, o.MostAtOnce, o.Launches) : default));
        Assert.Equal([_mine.Value.ToString()], (await Reports.CapacityAsync(Days("2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z"), _one)).Rows.Select(r => r.PoolId));
    }

    [Fact]
    public async Task Logon_times_stand_by_pool_and_phase_the_whole_first()
    {
        var user = await _rows.UserAsync();
        for (var i = 1; i <= 20; i++)
        {
            var session = await SessionAsync(_mine, user, $"2026-03-03T09:{i:00}:00Z", "2026-03-03T10:00:00Z");
            await _rows.ExecuteAsync(
                """
                insert into logon_phase (session_id, name, started_at, ended_at)
                     values (@session, 'connect', @at, @at + interval '1 second'), (@session, 'desktop', @at + interval '1 second', @at + make_interval(secs => 1 + @i))
                """, new { session, at = DateTimeOffset.Parse($"2026-03-03T09:{i:00}:00Z", null), i });
        }
        await SessionAsync(_other, user, "2026-03-03T09:00:00Z", "2026-03-03T10:00:00Z");

        var rows = (await Reports.LogonTimesAsync(Days("2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z"), _one)).Rows;

        Assert.Equal([("whole", 20u, 11_000u, 20_000u), ("connect", 20u, 1000u, 1000u), ("desktop", 20u, 10_000u, 19_000u)], rows.Select(r => (r.Phase, r.Count, r.MedianMilliseconds, r.P95Milliseconds)));
    }

    [Fact]
    public async Task Who_may_what_is_listed_by_page_with_groups_roles_pools_and_the_last_sign_in()
    {
        await _api.UserAsync("ana.silva");
        await _api.TokenAsync("ana.silva", Audience.Employee);
        await _rows.ExecuteAsync(
            """
            with g as (insert into app_group (group_id, name) values (@group, 'Urbanismo') returning group_id),
                 m as (insert into group_member (user_id, group_id) select user_id, group_id from app_user, g where user_name = 'ana.silva'),
                 r as (insert into role_grant (role_grant_id, group_id, role, granted_by) select gen_random_uuid(), group_id, 'auditor', 'tester' from g),
                 e as (insert into group_entitlement (pool_id, group_id) select @pool, group_id from g)
            insert into entitlement (pool_id, user_id) select @pool, user_id from app_user where user_name = 'ana.silva'
            """, new { group = Guid.NewGuid(), pool = _other.Value });

        var first = (await Reports.AccessAsync(new() { Limit = 2 }, _all)).People;
        var second = (await Reports.AccessAsync(new() { Limit = 2, After = first[^1].UserName }, _all)).People;

        Assert.Equal(["ana.silva", "everybody", "limited"], first.Concat(second).Select(p => p.UserName).Where(n => !n.StartsWith('u')));
        Assert.Equal(("Urbanismo", _other.Value.ToString(), "auditor", ""), (Assert.Single(first[0].Groups), Assert.Single(first[0].Pools), Assert.Single(first[0].Roles).Role, first[0].Roles[0].PoolName));
        Assert.InRange(first[0].LastSignIn.ToDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddMinutes(10));
        Assert.Equal(("administrator", ""), (Assert.Single(first[1].Roles).Role, first[1].Roles[0].PoolName));
        Assert.Equal(("pool_operator", _mine.Value.ToString()), (Assert.Single(second[0].Roles).Role, second[0].Roles[0].PoolName));
    }

    [Fact]
    public async Task An_incident_is_one_file_about_one_person_or_one_pool_and_is_itself_written_down()
    {
        var (ana, at) = (await _api.UserAsync("ana.silva"), DateTimeOffset.UtcNow);
        await SessionAsync(_mine, ana.Id, at.AddHours(-2).ToString("o"), at.AddHours(-1).ToString("o"));
        await SessionAsync(_other, await _rows.UserAsync(), at.AddHours(-2).ToString("o"), at.AddHours(-1).ToString("o"));
        await LaunchAsync(_mine, ana.Id, at.AddHours(-2).ToString("o"), "refused", nameof(RefusalReason.NotEntitled), 3);
        await _api.TokenAsync("ana.silva", Audience.Employee);
        await _api.Get<AuditStore>().AppendAsync(new("tester", "pool.update", "pool", _other.Value, "x"));

        var person = await LinesAsync(new() { UserName = "Ana.Silva", From = at.AddHours(-3).ToTimestamp(), To = at.AddMinutes(5).ToTimestamp() });
        Assert.Equal(["incident", "session", "launch"], person.Take(3).Select(Kind));
        Assert.Equal(("ana.silva", "NOT_ENTITLED"), (person[1].GetProperty("user_name").GetString(), person[2].GetProperty("reason").GetString()));
        Assert.Contains(person.Skip(3), l => l.GetProperty("action").GetString() == "sign_in.ok");
        Assert.DoesNotContain(person, l => l.ToString().Contains(_other.Value.ToString(), StringComparison.Ordinal));

        var pool = await LinesAsync(new() { PoolId = _other.Value.ToString(), From = at.AddHours(-3).ToTimestamp(), To = at.AddMinutes(5).ToTimestamp() });
        Assert.Single(pool, l => Kind(l) == "session");
        Assert.Contains(pool, l => Kind(l) == "audit" && l.GetProperty("action").GetString() == "pool.update");
        Assert.DoesNotContain(pool, l => l.ToString().Contains("ana.silva", StringComparison.Ordinal));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from audit_event where action = 'incident.export' and object_id = @id", ana.Id.Value));
    }

    [Fact]
    public async Task Energy_is_counted_once_for_each_moment_by_what_is_on_and_what_sleeps()
    {
        var (used, free, asleep) = (await _rows.MachineAsync(_mine, "in_use"), await _rows.MachineAsync(_mine, "available"), await _rows.MachineAsync(_mine, "provisioning"));
        foreach (var machine in new[] { used, free, asleep }) await _rows.ExecuteAsync("update machine set host_id = @host, power = 'on' where machine_id = @machine", new { host = _mine.Value, machine = machine.Value });
        await _rows.ExecuteAsync("update machine set state = 'asleep', power = 'off' where machine_id = @machine", new { machine = asleep.Value });
        await _rows.ExecuteAsync("insert into host_reading (host_id, reached, cpus) values (@host, true, 10)", new { host = _mine.Value });
        await _rows.ExecuteAsync("insert into host_reading (host_id, reached, cpus) values (@host, false, 10)", new { host = _other.Value });    // it is silent: nobody knows
        // An hour went by uncounted, of which no more than a quarter is known.
        await _rows.ExecuteAsync("update energy_clock set counted_at = now() - interval '1 hour' where @id is not null", new { id = Guid.NewGuid() });

        var counted = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _api.Get<EnergyStore>().CountAsync()));

        Assert.Equal(1, counted.Sum());
        var report = await Reports.EnergyAsync(new(), _all);
        // 120 W, and of the 280 W more: 0.3 of one processor of ten in use, and 0.05 of one that waits.
        Assert.Equal((Math.Round((120 + 280 * 0.035) / 4000, 6), Math.Round(280 * 0.005 / 4000, 6)), (Math.Round(report.UsedKwh, 6), Math.Round(report.SavedKwh, 6)));
        Assert.Equal("PERMISSION_MISSING", (await Assert.ThrowsAsync<RpcException>(async () => await Reports.EnergyAsync(new(), _one))).Trailers.GetValue("reason"));
        await _rows.ExecuteAsync("update energy_clock set counted_at = now() - interval '1 hour' where @id is not null", new { id = Guid.NewGuid() });
        await _api.Get<EnergyStore>().CountAsync();
        Assert.Equal(Math.Round(report.UsedKwh * 2, 6), Math.Round((await Reports.EnergyAsync(new(), _all)).UsedKwh, 6));
    }

    [Fact]
    public async Task Energy_of_computers_that_packets_wake_is_counted_by_who_is_awake_and_who_sleeps()
    {
        var pool = await _rows.PoolAsync("manual");
        var (on, used, asleep, gone, unwakeable) = (await ComputerAsync("available"), await ComputerAsync("in_use"), await ComputerAsync("unreachable", "2 days"), await ComputerAsync("unreachable", "8 days"), await ComputerAsync("unreachable", "2 days", wakes: false));
        Assert.Equal(5, new HashSet<Guid> { on, used, asleep, gone, unwakeable }.Count);
        // An hour went by uncounted, of which no more than a quarter is known: seconds that the test takes do not count.
        await _rows.ExecuteAsync("update energy_clock set counted_at = now() - interval '1 hour' where @id is not null", new { id = pool.Value });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _api.Get<EnergyStore>().CountAsync()));
        var report = await Reports.EnergyAsync(new(), _all);

        // Two on and one asleep for a quarter of an hour; no host was reached.
        Assert.Equal(((2 * 40 + 2) / 4.0 / 1000, 38 / 4.0 / 1000), (report.ComputersUsedKwh, report.ComputersSavedKwh), Near);
        Assert.Equal((0, 40, 2), (report.UsedKwh, report.ComputerOnWatts, report.ComputerAsleepWatts));

        async Task<Guid> ComputerAsync(string state, string ago = "5 seconds", bool wakes = true)
        {
            var machine = (await _rows.MachineAsync(pool, state, manual: true)).Value;
            await _rows.ExecuteAsync("insert into machine_agent (machine_id, node_id, seen_at) values (@machine, gen_random_uuid(), now() - @ago::interval) on conflict (machine_id) do update set seen_at = excluded.seen_at", new { machine, ago });
            if (wakes) await _rows.ExecuteAsync("insert into wake_address (machine_id, mac, port, learned) values (@machine, '02:00:00:00:00:01', 9, true)", new { machine });
            return machine;
        }
    }

    private static bool Near((double, double) a, (double, double) b) => Math.Abs(a.Item1 - b.Item1) < 1e-5 && Math.Abs(a.Item2 - b.Item2) < 1e-5;

    [Fact]
    public async Task What_makes_no_sense_is_refused_with_the_name_of_its_field()
    {
        Assert.Equal("from: at most 366 days before to", await DetailAsync(() => Reports.UseAsync(Days("2024-01-01T00:00:00Z", "2026-03-04T00:00:00Z"), _all).ResponseAsync));
        Assert.Equal("to: after from", await DetailAsync(() => Reports.CapacityAsync(Days("2026-03-04T00:00:00Z", "2026-03-04T00:00:00Z"), _all).ResponseAsync));
        Assert.Equal("time_zone", await DetailAsync(() => Reports.UseAsync(new() { TimeZone = "Trás-os-Montes" }, _all).ResponseAsync));
        Assert.StartsWith("user_name", await DetailAsync(() => LinesAsync(new() { From = DateTimeOffset.UnixEpoch.ToTimestamp(), To = DateTimeOffset.UnixEpoch.AddDays(1).ToTimestamp() })), StringComparison.Ordinal);
    }

    private async Task<List<JsonElement>> LinesAsync(IncidentRequest request)
    {
        using var incident = Reports.Incident(request, _all);
        return [.. (await incident.ResponseStream.ReadAllAsync(Ct).SelectMany(l => l.Lines.ToAsyncEnumerable()).ToListAsync(Ct)).Select(l => JsonDocument.Parse(l).RootElement)];
    }

    private static string? Kind(JsonElement line) => line.GetProperty("kind").GetString();

    private static async Task<string?> DetailAsync<T>(Func<Task<T>> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason-detail");

    private static ReportPeriod Days(string from, string to) => new() { From = DateTimeOffset.Parse(from, null).ToTimestamp(), To = DateTimeOffset.Parse(to, null).ToTimestamp() };

    private async Task<string> TokenAsync(string userName, string role, Guid? pool)
    {
        await _api.UserAsync(userName);
        Assert.Null((await _api.Get<GrantRole>().GiveAsync(userName, role, pool is { } id ? new GrantScope(id, null) : null, dryRun: false, TestApi.By, Ct)).Refused);
        return await _api.TokenAsync(userName, Audience.Administrator);
    }

    private async Task<Guid> SessionAsync(PoolId pool, UserId user, string from, string to, bool synthetic = false)
    {
        var session = Guid.NewGuid();
        await _rows.ExecuteAsync(
            """
            insert into session (session_id, request_id, user_id, pool_id, machine_id, pool_name, machine_name, state, started_at, ended_at, synthetic)
                 values (@session, @session, @user, @pool, @session, @pool::text, 'm', 'ended', @from, @to, @synthetic)
            """, new { session, user = user.Value, pool = pool.Value, from = DateTimeOffset.Parse(from, null), to = DateTimeOffset.Parse(to, null), synthetic });
        return session;
    }

    private Task LaunchAsync(PoolId pool, UserId user, string at, string outcome, string? reason, int waited) => _rows.ExecuteAsync(
        """
        insert into launch_trace (launch_trace_id, asked_at, ended_at, request_id, user_id, user_name, pool_id, pool_name, outcome, rule, reason, attempts, deciding_ms, waits)
             select gen_random_uuid(), @at, @at + make_interval(secs => @waited), gen_random_uuid(), user_id, user_name, @pool, @pool::text, @outcome, 'refusal', @reason, 1, 1, case when @waited > 0 then '[{}]'::jsonb else '[]'::jsonb end
               from app_user
              where user_id = @user
        """, new { user = user.Value, pool = pool.Value, at = DateTimeOffset.Parse(at, null), outcome, reason, waited });
}
