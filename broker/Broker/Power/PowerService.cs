using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Pools;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using IdleAction = Montalegre.Vdi.Domain.IdleAction;
using PowerWish = Montalegre.Vdi.Domain.PowerWish;
using Spare = Montalegre.Vdi.Domain.Spare;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>The gRPC and REST face of schedules and holiday calendars.</summary>
internal sealed class PowerService(PowerStore power, CalendarStore calendars, PoolAdminStore pools, TimeProvider time) : Contract.Power.PowerBase
{
    public override async Task<PoolSchedule> GetSchedule(GetScheduleRequest request, ServerCallContext context) => await ShowAsync(Pool(request.PoolId), context.CancellationToken);

    public override async Task<PoolSchedule> SetSchedule(SetScheduleRequest request, ServerCallContext context)
    {
        var schedule = PowerContract.Read(Pool(request.PoolId), request.Schedule);
        if (await power.SetAsync(schedule, context.Caller()) is { } no) throw Refusal.Refused(no.Reason, no.Field);
        return await ShowAsync(schedule.Pool, context.CancellationToken);
    }

    public override async Task<PoolSchedule> RemoveSchedule(GetScheduleRequest request, ServerCallContext context)
    {
        await power.RemoveAsync(Pool(request.PoolId), context.Caller());
        return await ShowAsync(Pool(request.PoolId), context.CancellationToken);
    }

    public override async Task<ListCalendarsResponse> ListCalendars(ListCalendarsRequest request, ServerCallContext context) =>
        new() { Calendars = { (await calendars.AllAsync(context.Scope(), context.CancellationToken)).Select(PowerContract.From) } };

    public override async Task<Calendar> SetCalendar(Calendar request, ServerCallContext context) =>
        await KeepAsync(PowerContract.Read(request, request.CalendarId is "" ? Guid.CreateVersion7(time.GetUtcNow()) : Ids.Parse(request.CalendarId, "calendar_id")), context);

    public override async Task<Calendar> ImportCalendar(ImportCalendarRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.CalendarId, "calendar_id");
        var calendar = (await calendars.AllAsync(PoolScope.Everything, context.CancellationToken)).SingleOrDefault(c => c.Id == id) ?? throw Refusal.Refused(RefusalReason.NotFound, "calendar_id");
        try
        {
            var read = CalendarFile.Read(request.File.Span);
            if (read.Count == 0) throw new CalendarFileException("VCALENDAR: no whole-day event in it");
            var known = calendar.Calendar.Own;
            return await KeepAsync(calendar with { Calendar = calendar.Calendar with { Own = [.. known, .. read.Where(h => !known.Any(k => (k.Month, k.Day, k.Year) == (h.Month, h.Day, h.Year)))] } }, context);
        }
        catch (CalendarFileException e) { throw Refusal.Refused(RefusalReason.InvalidField, $"file: {e.Message}"); }
    }

    public override async Task<DeleteCalendarResponse> DeleteCalendar(DeleteCalendarRequest request, ServerCallContext context)
    {
        if (await calendars.DeleteAsync(Ids.Parse(request.CalendarId, "calendar_id"), context.Caller()) is { } reason) throw Refusal.Refused(reason, "calendar_id");
        return new();
    }

    private static PoolId Pool(string id) => new(Ids.Parse(id, "pool_id"));

    private async Task<Calendar> KeepAsync(StoredCalendar calendar, ServerCallContext context)
    {
        if (await calendars.SetAsync(calendar, context.Caller()) is { } no) throw Refusal.Refused(no.Reason, no.Field);
        return PowerContract.From((await calendars.AllAsync(PoolScope.Everything, context.CancellationToken)).Single(c => c.Id == calendar.Id));
    }

    private async Task<PoolSchedule> ShowAsync(PoolId pool, CancellationToken ct)
    {
        var row = await pools.OneAsync(pool, ct) ?? throw Refusal.Refused(RefusalReason.PoolUnknown, "pool_id");
        var stored = await power.OneAsync(pool, ct);
        var now = await power.NowAsync(ct);
        // Without a schedule yet, a suggestion proposes one that is the pool's own settings outside of its window.
        var present = stored ?? new(pool, "Europe/Lisbon", null, new PowerWish(Spare.Of(row.Spare, row.SparePercent), IdleAction.Remove, true), []);
        var calendar = (await calendars.AllAsync(PoolScope.Everything, ct)).SingleOrDefault(c => c.Id == present.Calendar)?.Calendar ?? HolidayCalendar.Empty;
        var schedule = present.With(calendar);
        var closed = stored is null ? null : schedule.ClosedUntil(now);
        var shown = new PoolSchedule { PoolId = row.PoolId.ToString(), Schedule = stored is null ? null : PowerContract.From(stored), Closed = closed is not null, ClosedUntil = PowerContract.Opening(closed) };
        if (row.Kind != "manual")
        {
            var arrivals = (await power.ArrivalsAsync(pool, null, ct)).SelectMany(a => a).ToList();
            foreach (var suggestion in LearnedArrivals.Suggest(schedule, arrivals, now))
            {
                var windows = SuggestedSchedule.With(present.Windows, present.Otherwise, suggestion, row.Size);
                if (!ReferenceEquals(windows, present.Windows)) shown.Suggestions.Add(PowerContract.From(suggestion with { Spare = Math.Min(suggestion.Spare, row.Size) }, PowerContract.From(present, windows)));
            }
        }
        return shown;
    }
}
