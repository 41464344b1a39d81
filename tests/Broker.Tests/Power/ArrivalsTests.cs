using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Power;

/// <summary>Suggestions learn from everybody who asked for a desktop, also from those who got none.</summary>
public sealed class ArrivalsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly DateTimeOffset Morning = new(DateTime.UtcNow.Date.AddDays(-2).AddHours(9), TimeSpan.Zero);
    private readonly Arrange _rows = new(database.DataSource);
    private readonly PowerStore _power = new(database.DataSource);
    private readonly TraceStore _traces = new(database.DataSource, database.Owner);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_waited_in_vain_counts_once_however_often_the_page_was_opened_again()
    {
        var pool = await _rows.PoolAsync("floating");
        var (gaveUp, timedOut, left) = (await _rows.UserAsync(), await _rows.UserAsync(), await _rows.UserAsync());
        await AskedAsync(pool, gaveUp, Morning, "given_up");
        await AskedAsync(pool, gaveUp, Morning.AddMinutes(20), "given_up");
        await AskedAsync(pool, gaveUp, Morning.AddHours(5), "given_up");
        await AskedAsync(pool, timedOut, Morning, "refused", "LaunchTimedOut");
        await AskedAsync(pool, left, Morning, "refused", "LeftQueue");

        var arrivals = await _power.ArrivalsAsync(pool, null, Ct);

        Assert.Equal([Morning, Morning.AddHours(5)], arrivals[gaveUp].Order());
        Assert.Equal([Morning], arrivals[timedOut]);
        Assert.Equal([Morning], arrivals[left]);
        Assert.Equal([timedOut], (await _power.ArrivalsAsync(pool, [timedOut], Ct)).Select(a => a.Key));
    }

    [Fact]
    public async Task Who_got_a_machine_in_the_end_counts_when_it_was_asked_for_and_refusals_of_other_kinds_do_not()
    {
        var pool = await _rows.PoolAsync("floating");
        var (served, stranger, elsewhere) = (await _rows.UserAsync(), await _rows.UserAsync(), await _rows.UserAsync());
        await AskedAsync(pool, served, Morning.AddMinutes(-10), "given_up");
        await SessionAsync(pool, served, asked: Morning, started: Morning.AddMinutes(4));
        await AskedAsync(pool, stranger, Morning, "refused", "NotEntitled");
        await AskedAsync(await _rows.PoolAsync("floating"), elsewhere, Morning, "given_up");

        var arrivals = await _power.ArrivalsAsync(pool, null, Ct);

        Assert.Equal([Morning], arrivals[served]);
        Assert.Equal([served], arrivals.Select(a => a.Key));
    }

    private Task AskedAsync(PoolId pool, UserId user, DateTimeOffset at, string outcome, string? reason = null) => _traces.WriteAsync([new()
    {
        LaunchTraceId = Guid.NewGuid(), AskedAt = at, EndedAt = at.AddMinutes(2), RequestId = Guid.NewGuid(), UserId = user.Value, PoolId = pool.Value, ClientAddress = "", Outcome = outcome,
        Rule = outcome == "refused" ? "refusal" : "queue", Reason = reason,
    }]);

    private Task SessionAsync(PoolId pool, UserId user, DateTimeOffset asked, DateTimeOffset started) => _rows.ExecuteAsync("""
        with made as (
            insert into session (session_id, request_id, user_id, pool_id, machine_id, state, started_at, ended_at)
                 values (gen_random_uuid(), gen_random_uuid(), @user, @pool, gen_random_uuid(), 'ended', @started, @started + interval '1 hour')
              returning session_id
        )
        insert into logon_phase (session_id, name, started_at, ended_at) select session_id, 'brokering', @asked, @started from made
        """, new { user = user.Value, pool = pool.Value, asked, started });
}
