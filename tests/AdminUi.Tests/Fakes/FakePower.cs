using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Schedules of the fake broker: what was set last is shown.</summary>
internal sealed class FakePower(FakeWorld world) : Power.PowerBase
{
    public override Task<PoolSchedule> GetSchedule(GetScheduleRequest request, ServerCallContext context) => Show(request.PoolId, context);

    public override Task<PoolSchedule> SetSchedule(SetScheduleRequest request, ServerCallContext context)
    {
        world.Calls.Enqueue($"schedule {request.PoolId} {request.Schedule.Windows.Count}");
        if (request.Schedule.TimeZone is "") request.Schedule.TimeZone = "Europe/Lisbon";
        world.Schedules[request.PoolId] = request.Schedule;
        return Show(request.PoolId, context);
    }

    public override Task<PoolSchedule> RemoveSchedule(GetScheduleRequest request, ServerCallContext context)
    {
        world.Calls.Enqueue($"no schedule {request.PoolId}");
        world.Schedules.TryRemove(request.PoolId, out _);
        return Show(request.PoolId, context);
    }

    public override Task<ListCalendarsResponse> ListCalendars(ListCalendarsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListCalendarsResponse { Calendars = { new Calendar { CalendarId = "c1", Name = "Município", National = true } } });
    }

    private Task<PoolSchedule> Show(string pool, ServerCallContext context)
    {
        world.Demand(context);
        var shown = new PoolSchedule { PoolId = pool, Schedule = world.Schedules.GetValueOrDefault(pool) };
        if (world.Suggestion is { } suggestion) shown.Suggestions.Add(suggestion);
        return Task.FromResult(shown);
    }
}
