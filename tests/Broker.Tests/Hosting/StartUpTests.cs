using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Hosting;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Hosting;

/// <summary>What the broker does before it opens its doors, with a database that is slow to answer.</summary>
public sealed class StartUpTests
{
    [Fact]
    public async Task Step_that_the_database_did_not_answer_is_run_again_before_the_next_one()
    {
        var run = new List<string>();
        await StartAsync(
            ("first", () => run.Add("first")),
            ("slow", () => { run.Add("slow"); if (run.Count < 4) throw new NpgsqlException("no answer", new TimeoutException()); }),
            ("last", () => run.Add("last")));

        Assert.Equal(["first", "slow", "slow", "slow", "last"], run);
    }

    [Fact]
    public async Task Step_that_is_refused_ends_the_start()
    {
        var run = new List<string>();

        await Assert.ThrowsAsync<StartUpException>(() => StartAsync(("refused", () => throw new StartUpException("no")), ("last", () => run.Add("last"))));
        await Assert.ThrowsAsync<NpgsqlException>(() => StartAsync(("wrong", () => throw new NpgsqlException("a fault of ours")), ("last", () => run.Add("last"))));

        Assert.Empty(run);
    }

    private static async Task StartAsync(params (string Name, Action Run)[] steps)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        var all = steps.Select(s => new StartUpStep(s.Name, (_, _) => { s.Run(); return Task.CompletedTask; }));
        await new StartUp(all, services, TimeProvider.System, NullLogger<StartUp>.Instance).StartAsync(TestContext.Current.CancellationToken);
    }
}
