using Dapper;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Tests.Storage;

public sealed class LeaseTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly Lease _lease = new(database.DataSource);
    private readonly string _role = Guid.NewGuid().ToString();

    [Fact]
    public async Task Of_many_nodes_that_ask_at_once_exactly_one_leads()
    {
        // However long the sixteen take, the lease of the first does not run out meanwhile.
        await using var owner = await database.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await owner.ExecuteAsync($"""
            create function outlasts() returns trigger language plpgsql as 'begin new.expires_at := ''infinity''; return new; end';
            create trigger outlasts before insert on lease for each row when (new.role = '{_role}') execute function outlasts();
            """);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _lease.HoldAsync(_role, Guid.NewGuid())));

        Assert.Equal([1L], answers.OfType<long>());
    }

    [Fact]
    public async Task Holder_that_renews_keeps_its_epoch()
    {
        var node = Guid.NewGuid();

        Assert.Equal(1, await _lease.HoldAsync(_role, node));
        await LetLastAsync();
        Assert.Equal(1, await _lease.HoldAsync(_role, node));
    }

    [Fact]
    public async Task Next_holder_of_a_lease_that_ran_out_has_a_higher_epoch_and_the_old_one_is_refused()
    {
        var (frozen, next) = (Guid.NewGuid(), Guid.NewGuid());
        await _lease.HoldAsync(_role, frozen);
        await LetRunOutAsync();

        Assert.Equal(2, await _lease.HoldAsync(_role, next));
        await LetLastAsync();
        Assert.Null(await _lease.HoldAsync(_role, frozen));
    }

    [Fact]
    public async Task Holder_that_was_away_too_long_gets_a_new_epoch_even_when_nobody_took_over()
    {
        var node = Guid.NewGuid();
        await _lease.HoldAsync(_role, node);
        await LetRunOutAsync();

        Assert.Equal(2, await _lease.HoldAsync(_role, node));
    }

    [Fact]
    public async Task Released_lease_is_free_at_once()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        await _lease.HoldAsync(_role, first);

        await _lease.ReleaseAsync(_role, first);

        Assert.Equal(2, await _lease.HoldAsync(_role, second));
    }

    private Task LetRunOutAsync() => EndsInAsync(TimeSpan.FromSeconds(-1));

    // Ten seconds may pass between two statements of a test.
    private Task LetLastAsync() => EndsInAsync(TimeSpan.FromHours(1));

    private async Task EndsInAsync(TimeSpan left)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await connection.ExecuteAsync("update lease set expires_at = now() + @left where role = @role", new { role = _role, left });
    }
}
