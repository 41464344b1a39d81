using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

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
        return Task.FromResult(new ListCalendarsResponse { Calendars = { world.Calendars.Values.Select(WithUses) } });
    }

    public override Task<Calendar> SetCalendar(Calendar request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"calendar {request.Name} {request.National} {request.Holidays.Count}");
        if (request.CalendarId is "") request.CalendarId = $"c{world.Calendars.Count + 1}";
        world.Calendars[request.CalendarId] = request;
        return Task.FromResult(WithUses(request));
    }

    public override Task<Calendar> ImportCalendar(ImportCalendarRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var calendar = world.Calendars[request.CalendarId].Clone();
        if (!request.File.ToStringUtf8().StartsWith("BEGIN:VCALENDAR", StringComparison.Ordinal)) throw FakeWorld.Refuse(StatusCode.InvalidArgument, ReasonCode.InvalidField, "file: line 1: BEGIN:VCALENDAR expected");
        calendar.Holidays.Add(new Holiday { Name = "Tolerância de ponto", Month = 12, Day = 24, Year = 2026 });
        world.Calendars[request.CalendarId] = calendar;
        return Task.FromResult(WithUses(calendar));
    }

    public override Task<DeleteCalendarResponse> DeleteCalendar(DeleteCalendarRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (WithUses(world.Calendars[request.CalendarId]).UsedBy.Count > 0) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.InUse, "calendar_id");
        world.Calendars.TryRemove(request.CalendarId, out _);
        return Task.FromResult(new DeleteCalendarResponse());
    }

    private Calendar WithUses(Calendar calendar)
    {
        var shown = calendar.Clone();
        shown.UsedBy.Clear();
        shown.UsedBy.Add(world.Schedules.Where(s => s.Value.CalendarId == calendar.CalendarId).Select(s => new CalendarUse { PoolId = s.Key, PoolName = world.Pools.Find(s.Key)!.Name }));
        return shown;
    }

    private Task<PoolSchedule> Show(string pool, ServerCallContext context)
    {
        world.Demand(context);
        var shown = new PoolSchedule { PoolId = pool, Schedule = world.Schedules.GetValueOrDefault(pool) };
        if (world.Suggestion is { } suggestion) shown.Suggestions.Add(suggestion);
        return Task.FromResult(shown);
    }
}
