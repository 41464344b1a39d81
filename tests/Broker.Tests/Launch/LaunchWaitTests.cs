using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Launch;

/// <summary>What somebody is told who waits for a machine that does not come.</summary>
public sealed class LaunchWaitTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    private readonly Arrange _arrange = new(database.DataSource);
    private readonly FakeTimeProvider _time = new();
    private readonly LaunchTraces _traces = new(new(database.DataSource, database.Owner), Options.Create(new LaunchOptions()), TimeProvider.System, NullLogger<LaunchTraces>.Instance);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_waited_too_long_is_told_so_and_has_no_place_in_the_queue_any_more()
    {
        var (user, pool) = await ArrangeAsync();
        await using var news = Launch(user, pool);

        Assert.IsType<LaunchNews.Waiting>(await NextAsync(news));
        var next = NextAsync(news);
        _time.Advance(new LaunchOptions().LongestWait + TimeSpan.FromSeconds(1));

        var refused = Assert.IsType<LaunchNews.Refused>(await next);
        Assert.Equal("LAUNCH_TIMED_OUT", ReasonTexts.Name(refused.Reason.ToContract().Code));
        Assert.False(await news.MoveNextAsync());
        Assert.Equal(0, await _arrange.ScalarAsync<int>("select count(*)::int from launch_request where pool_id = @id", pool.Value));
    }

    [Theory]
    [InlineData("provisioning", "running")]   // it is tried again
    [InlineData("faulted", "failed")]         // it was given up
    public async Task Whoever_waits_for_a_machine_that_cannot_be_made_is_told_why(string machineState, string operationState)
    {
        var (user, pool) = await ArrangeAsync();
        var machine = await _arrange.MachineAsync(pool, machineState);
        await _arrange.OperationAsync(machine, "provision", "define");
        await _arrange.ExecuteAsync("update operation set reason = 'ProvisioningFailed', error = 'broken', attempts = 1, state = @state, ended_at = case when @state = 'failed' then now() end where machine_id = @machine",
            new { machine = machine.Value, state = operationState });
        await using var news = Launch(user, pool);

        var waiting = Assert.IsType<LaunchNews.Waiting>(await NextAsync(news));

        Assert.Equal("PROVISIONING_FAILED", ReasonTexts.Name(waiting.Notice.Reason.ToContract().Code));
        Assert.Equal(1, waiting.Notice.Place);
    }

    private async Task<(UserId User, PoolId Pool)> ArrangeAsync()
    {
        var (user, pool) = (await _arrange.UserAsync(), await _arrange.PoolAsync("floating"));
        await _arrange.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = pool.Value, user = user.Value });
        return (user, pool);
    }

    private IAsyncEnumerator<LaunchNews> Launch(UserId user, PoolId pool) =>
        new LaunchDesktop(new(database.DataSource), new(), _traces, Sessions.ApplicationsBesideTests.Programs(database.DataSource), Options.Create(new LaunchOptions()), _time, NullLogger<LaunchDesktop>.Instance)
            .RunAsync(new(new(Guid.NewGuid()), user, pool, null, ForFile: false), Ct).GetAsyncEnumerator(Ct);

    private static async Task<LaunchNews> NextAsync(IAsyncEnumerator<LaunchNews> news)
    {
        Assert.True(await news.MoveNextAsync().AsTask().WaitAsync(Soon, Ct));
        return news.Current;
    }
}
