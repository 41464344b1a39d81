using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Storage;

public sealed class SqlTypesTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private sealed record Row(MachineId MachineId, UserId? AssignedUserId, UserId? NobodyId, DateTimeOffset StateSince, DateTimeOffset? DrainSince, string State);

    [Fact]
    public async Task Row_record_takes_our_identifiers_and_times_by_underscored_column_names()
    {
        var machine = new MachineId(Guid.CreateVersion7());
        var user = new UserId(Guid.CreateVersion7());
        var at = new DateTimeOffset(2026, 3, 29, 1, 30, 0, TimeSpan.FromHours(1));
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);

        var row = await connection.QuerySingleAsync<Row>("""
            select @machine as machine_id,
                   @user as assigned_user_id,
                   null::uuid as nobody_id,
                   @at as state_since,
                   null::timestamptz as drain_since,
                   'in_use' as state
            """, new { machine, user, at });

        Assert.Equal(new Row(machine, user, null, at, null, "in_use"), row);
    }

    [Fact]
    public async Task Null_identifier_is_null_in_the_database()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);

        Assert.True(await connection.QuerySingleAsync<bool>("select @user::uuid is null", new { user = (UserId?)null }));
    }

    [Theory]
    [InlineData(MachineState.InUse, "in_use")]
    [InlineData(MachineState.Available, "available")]
    public void State_is_written_in_snake_case_and_read_back(MachineState state, string text)
    {
        Assert.Equal(text, SqlText.Of(state));
        Assert.Equal(state, SqlText.Parse<MachineState>(text));
    }

    [Fact]
    public void Text_that_is_no_state_is_named_in_the_error()
    {
        var error = Assert.Throws<FormatException>(() => SqlText.Parse<SessionState>("asleep"));

        Assert.Contains("asleep", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(SessionState), error.Message, StringComparison.Ordinal);
    }
}
