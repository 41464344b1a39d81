using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Power;

/// <summary>Calendars as they are recorded, and which pools follow them.</summary>
public sealed class CalendarStoreTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly Arrange _rows = new(database.DataSource);
    private readonly CalendarStore _calendars = new(database.DataSource);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Caller By => new(new(Guid.Empty), "admin", "", Audience.Administrator, "", "");

    [Fact]
    public async Task A_calendar_says_which_pools_use_it_and_goes_only_when_none_does()
    {
        var calendar = new StoredCalendar(Guid.NewGuid(), "Município", new(true, [new Holiday("Feriado municipal", 6, 9, null)]), []);
        Assert.Null(await _calendars.SetAsync(calendar, By));
        var pool = await _rows.PoolAsync("floating");
        var power = new PowerStore(database.DataSource);
        Assert.Null(await power.SetAsync(new(pool, "Europe/Lisbon", calendar.Id, new(Spare.Machines(1), IdleAction.Keep, true), []), By));

        var used = Assert.Single(await _calendars.AllAsync(PoolScope.Everything, Ct));
        Assert.Equal([(pool, pool.Value.ToString())], used.UsedBy);
        Assert.Equal("Feriado municipal", Assert.Single(used.Calendar.Own).Name);
        Assert.Equal(RefusalReason.InUse, await _calendars.DeleteAsync(calendar.Id, By));

        Assert.True(await power.RemoveAsync(pool, By));
        Assert.Empty(Assert.Single(await _calendars.AllAsync(PoolScope.Everything, Ct)).UsedBy);
        Assert.Null(await _calendars.DeleteAsync(calendar.Id, By));
        Assert.Empty(await _calendars.AllAsync(PoolScope.Everything, Ct));
    }
}
