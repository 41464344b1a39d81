using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Launch;

/// <summary>Why somebody got this machine, or none: kept for every launch, by the launch statement's own words.</summary>
public sealed class LaunchTraceTests : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    private readonly Arrange _rows;
    private readonly TraceStore _store;
    private readonly LaunchTraces _traces;
    private readonly LaunchStore _launches;
    private readonly LaunchDoorbell _doorbell = new();

    private readonly Broker.Storage.Database _sql;

    public LaunchTraceTests(TestDatabase database)
    {
        _rows = new(database.DataSource);
        _store = new(database.DataSource, database.Owner);
        _traces = new(_store, Options.Create(new LaunchOptions()), TimeProvider.System, NullLogger<LaunchTraces>.Instance);
        _sql = database.DataSource;
        _launches = new(_sql);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Machines => new()
    {
        { "free", "state = 'available'" },
        { "occupied", "state = 'reserved'" },
        { "occupied", "state = 'in_use'" },
        { "preparing", "state = 'provisioning'" },
        { "silent", "state = 'unreachable'" },
        { "faulted", "state = 'faulted'" },
        { "deleting", "state = 'deleting'" },
        { "draining", "drain_since = now()" },
        { "host_draining", "drain_since = now(), drained_with_host = true" },
        { "assigned", "assigned_user_id = (select user_id from app_user limit 1)" },
        { "silent", "state = 'unreachable', drain_since = now()" },
    };

    [Theory]
    [MemberData(nameof(Machines))]
    public async Task A_machine_is_called_free_exactly_when_the_launch_statement_takes_it(string verdict, string machineIs)
    {
        var stranger = await _rows.UserAsync();
        await _rows.UserAsync();
        var pool = await PoolAsync(stranger);
        var machine = await _rows.MachineAsync(pool, "available");
        await _rows.ExecuteAsync($"update machine set {machineIs.Replace("(select user_id from app_user limit 1)", "(select user_id from app_user where user_id <> @stranger limit 1)", StringComparison.Ordinal)} where machine_id = @machine",
            new { machine = machine.Value, stranger = stranger.Value });

        var named = await _rows.ScalarAsync<string>($"select {TraceStore.Verdict} from machine m join pool p using (pool_id) where machine_id = @id", machine.Value);
        var answer = await _launches.TryAsync(new(new(Guid.NewGuid()), stranger, pool, null, new(Guid.NewGuid()), RandomNumberGenerator.GetBytes(32), TimeSpan.FromSeconds(30), 1));

        Assert.Equal(verdict, named);
        Assert.Equal(named == "free", LaunchPolicy.Decide(answer.Facts) is Placement.Start);
    }

    [Fact]
    public async Task Who_got_a_machine_has_a_trace_of_the_rule_the_machine_its_host_and_what_was_ruled_out()
    {
        var user = await _rows.UserAsync();
        var pool = await PoolAsync(user);
        await _rows.MachineAsync(pool, "available");
        await _rows.MachineAsync(pool, "available");
        var silent = await _rows.MachineAsync(pool, "unreachable");
        await _rows.ExecuteAsync("update machine set host_id = @pool where pool_id = @pool", new { pool = pool.Value });

        var ready = Assert.IsType<LaunchNews.Ready>(await LastAsync(user, pool));
        var again = Assert.IsType<LaunchNews.Ready>(await LastAsync(user, pool));
        await _traces.WriteAsync();

        var (resumed, started) = await TwoAsync(pool);
        Assert.True(again.Reconnection);
        Assert.Equal(("resumed", "own_session", ready.MachineName), (resumed.Outcome, resumed.Rule, resumed.MachineName));
        Assert.Null(resumed.Look);
        Assert.Equal(("started", "free_machine", ready.MachineName, pool.Value.ToString(), 1), (started.Outcome, started.Rule, started.MachineName, started.HostName, started.Attempts));
        Assert.Equal((ready.Session.Value, null), (started.SessionId, started.Reason));
        Assert.True(started.DecidingMs > 0 && started.LookedAt >= started.AskedAt && started.EndedAt >= started.AskedAt);
        var look = JsonDocument.Parse(started.Look!).RootElement;
        Assert.Equal((1, 1, 1), (Count(look, "free"), Count(look, "taken_now"), Count(look, "silent")));
        Assert.Equal(silent.Value.ToString(), look.GetProperty("silent").GetProperty("names")[0].GetString());
        Assert.Single(await _store.ListAsync(new(null, null, null, started.LaunchTraceId, null, 10), Ct));
        Assert.Equal(2, (await _store.ListAsync(new(null, null, ready.Session.Value, null, null, 10), Ct)).Count);
    }

    [Fact]
    public async Task Own_machine_is_the_rule_when_it_was_bound_before()
    {
        var user = await _rows.UserAsync();
        var pool = await PoolAsync(user);
        var own = await _rows.MachineAsync(pool, "available");
        await _rows.MachineAsync(pool, "available");
        await _rows.ExecuteAsync("update machine set assigned_user_id = @user where machine_id = @machine", new { user = user.Value, machine = own.Value });

        await LastAsync(user, pool);
        await _traces.WriteAsync();

        var trace = Assert.Single(await OfPoolAsync(pool));
        Assert.Equal(("own_machine", own.Value.ToString(), "taken_now"), (trace.Rule, trace.OwnMachineName, trace.OwnMachineVerdict));
    }

    [Theory]
    [InlineData("breadth", "emptiest_machine", "one of the machines with the fewest people", "uma das máquinas com menos pessoas")]
    [InlineData("depth", "fullest_machine", "the fullest machine that still had one", "a máquina mais cheia que ainda tinha um lugar")]
    public async Task Who_got_a_seat_is_told_by_which_fullness_and_not_that_it_was_chance(string distribution, string rule, string english, string portuguese)
    {
        var user = await _rows.UserAsync();
        var pool = await _rows.SharedPoolAsync(3, distribution);
        await _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = pool.Value, user = user.Value });
        await _rows.MachineAsync(pool, "available");

        await LastAsync(user, pool);
        await _traces.WriteAsync();

        var trace = Assert.Single(await OfPoolAsync(pool));
        Assert.Equal(("started", rule), (trace.Outcome, trace.Rule));
        Assert.NotNull(trace.Look);
        var launch = LaunchesService.From(trace);
        Assert.Contains(english, LaunchTexts.Explain(launch, new("en-GB"))[0], StringComparison.Ordinal);
        Assert.Contains(portuguese, LaunchTexts.Explain(launch, new("pt-PT"))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_can_be_asked_about_at_once_and_the_trace_keeps_why_after_the_machine_came()
    {
        var user = await _rows.UserAsync();
        var pool = await PoolAsync(user);
        var machine = await _rows.MachineAsync(pool, "provisioning");
        await using var news = Launch(user, pool);
        Assert.IsType<LaunchNews.Waiting>(await NextAsync(news));
        await _traces.WriteAsync();

        var waiting = Assert.Single(await OfPoolAsync(pool));
        Assert.Equal(("waiting", "queue", "WaitingForMachine", null), (waiting.Outcome, waiting.Rule, waiting.Reason, (object?)waiting.EndedAt));
        Assert.Equal(1, Count(JsonDocument.Parse(waiting.Look!).RootElement, "preparing"));

        await _rows.ExecuteAsync("update machine set state = 'available' where machine_id = @machine", new { machine = machine.Value });
        _doorbell.Ring(pool);
        LaunchNews? ready;
        do ready = await NextAsync(news);
        while (ready is LaunchNews.Waiting);
        Assert.IsType<LaunchNews.Ready>(ready);
        Assert.False(await news.MoveNextAsync());
        await _traces.WriteAsync();

        var served = Assert.Single(await OfPoolAsync(pool));
        Assert.Equal(("started", "free_machine", waiting.LaunchTraceId), (served.Outcome, served.Rule, served.LaunchTraceId));
        Assert.Equal(waiting.Look, served.Look);
        var told = JsonSerializer.Deserialize<List<TracedWait>>(served.Waits, TraceStore.Json)!;
        Assert.Equal(("WaitingForMachine", 1, 1, 10), (told[0].Reason, told[0].Place, told[0].Machines, told[0].Size));
        Assert.True(served.Attempts >= 2);
    }

    [Fact]
    public async Task Who_is_refused_and_who_goes_away_have_traces_too()
    {
        var (stranger, quitter) = (await _rows.UserAsync(), await _rows.UserAsync());
        var pool = await PoolAsync(quitter);
        Assert.IsType<LaunchNews.Refused>(await LastAsync(stranger, pool));
        await using (var news = Launch(quitter, pool)) Assert.IsType<LaunchNews.Waiting>(await NextAsync(news));
        await _traces.WriteAsync();

        var (gone, refused) = await TwoAsync(pool);
        Assert.Equal(("refused", "refusal", "NotEntitled"), (refused.Outcome, refused.Rule, refused.Reason));
        Assert.Equal("given_up", gone.Outcome);
        Assert.NotNull(gone.EndedAt);
    }

    [Fact]
    public async Task Writing_twice_changes_nothing_and_a_late_beginning_does_not_undo_an_end()
    {
        var user = await _rows.UserAsync();
        var pool = await PoolAsync(user);
        var ended = Traced(user, pool, DateTimeOffset.UtcNow) with { Outcome = "started", Rule = "free_machine", EndedAt = DateTimeOffset.UtcNow };
        await _store.WriteAsync([ended]);
        await _store.WriteAsync([ended]);
        await _store.WriteAsync([ended with { Outcome = "waiting", Rule = "queue", EndedAt = null }]);

        Assert.Equal("started", Assert.Single(await OfPoolAsync(pool)).Outcome);
    }

    [Fact]
    public async Task What_is_too_old_is_forgotten_and_what_a_stopped_broker_left_waiting_is_ended()
    {
        var user = await _rows.UserAsync();
        var pool = await PoolAsync(user);
        var now = DateTimeOffset.UtcNow;
        await _store.WriteAsync([Traced(user, pool, now.AddDays(-31)), Traced(user, pool, now.AddHours(-2)), Traced(user, pool, now)]);

        await _store.SweepAsync(TimeSpan.FromDays(30), TimeSpan.FromHours(1), Ct);

        Assert.Equal(["waiting", "lost"], (await OfPoolAsync(pool)).Select(t => t.Outcome));
    }

    [Fact]
    public async Task What_cannot_be_kept_is_counted()
    {
        var user = await _rows.UserAsync();
        var pool = await PoolAsync(user);
        for (var i = 0; i < 4100; i++) _traces.Keep(Traced(user, pool, DateTimeOffset.UtcNow));
        Assert.Equal(4, _traces.Dropped);

        await _traces.WriteAsync();

        Assert.Equal(4096, await _rows.ScalarAsync<int>("select count(*)::integer from launch_trace where pool_id = @id", pool.Value));
    }

    private static TracedLaunch Traced(UserId user, PoolId pool, DateTimeOffset at) => new()
    {
        LaunchTraceId = Guid.NewGuid(), AskedAt = at, RequestId = Guid.NewGuid(), UserId = user.Value, PoolId = pool.Value, ClientAddress = "", Outcome = "waiting", Rule = "queue",
    };

    private static int Count(JsonElement look, string verdict) => look.GetProperty(verdict).GetProperty("machines").GetInt32();

    private Task<IReadOnlyList<TraceRow>> OfPoolAsync(PoolId pool) => _store.ListAsync(new(null, pool.Value, null, null, null, 200), Ct);

    private async Task<(TraceRow Newer, TraceRow Older)> TwoAsync(PoolId pool)
    {
        var rows = await OfPoolAsync(pool);
        Assert.Equal(2, rows.Count);
        return (rows[0], rows[1]);
    }

    private async Task<PoolId> PoolAsync(params UserId[] entitled)
    {
        var pool = await _rows.PoolAsync("floating");
        await _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) select @pool, unnest(@users)", new { pool = pool.Value, users = entitled.Select(u => u.Value).ToArray() });
        return pool;
    }

    private async Task<LaunchNews> LastAsync(UserId user, PoolId pool)
    {
        await using var news = Launch(user, pool);
        var last = await NextAsync(news);
        Assert.False(await news.MoveNextAsync());
        return last;
    }

    private IAsyncEnumerator<LaunchNews> Launch(UserId user, PoolId pool) =>
        new LaunchDesktop(_launches, _doorbell, _traces, Sessions.ApplicationsBesideTests.Programs(_sql), Options.Create(new LaunchOptions()), TimeProvider.System, NullLogger<LaunchDesktop>.Instance)
            .RunAsync(new(new(Guid.NewGuid()), user, pool, null, ForFile: false), Ct).GetAsyncEnumerator(Ct);

    private static async Task<LaunchNews> NextAsync(IAsyncEnumerator<LaunchNews> news)
    {
        Assert.True(await news.MoveNextAsync().AsTask().WaitAsync(Soon, Ct));
        return news.Current;
    }
}
