using Google.Protobuf;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class PowerCommands
{
    private const int MostFile = 1 << 20;

    public static Command[] All { get; } =
    [
        new("pools schedule", "<pool> [file.json|none]", "horário do conjunto, como --json o mostra; 'none' retira-o; sem ficheiro, mostra-o com as sugestões", "the pool's schedule, as --json shows it; 'none' removes it; without a file, shows it with its suggestions", ScheduleAsync),
        new("calendars list", "", "calendários de feriados", "holiday calendars", ListAsync),
        new("calendars create", "<name> [--national]", "cria um calendário, com ou sem os feriados nacionais de Portugal", "make a calendar, with or without Portugal's national holidays", CreateAsync),
        new("calendars import", "<calendar> <file.ics>", "acrescenta os dias inteiros de um ficheiro iCalendar", "add the whole days of an iCalendar file", ImportAsync),
        new("calendars delete", "<calendar>", "elimina um calendário que nenhum horário usa", "delete a calendar that no schedule uses", DeleteAsync),
    ];

    private static async Task<int> ScheduleAsync(Invocation call)
    {
        var words = call.Line.Take(2, 1, 2);
        var (s, power) = (call.Screen, new Power.PowerClient(call.Calls));
        var pool = await PoolCommands.FindAsync(call, words[0]);
        var shown = words.Length == 1 ? await power.GetScheduleAsync(new() { PoolId = pool.PoolId }, call.AsAdministrator)
            : words[1] == "none" ? await power.RemoveScheduleAsync(new() { PoolId = pool.PoolId }, call.AsAdministrator)
            : await power.SetScheduleAsync(new() { PoolId = pool.PoolId, Schedule = Read(words[1]) }, call.AsAdministrator);
        var windows = shown.Schedule?.Windows.AsEnumerable() ?? [];
        s.Table(shown, windows,
            (s.Words("DIAS", "DAYS"), w => string.Join(",", w.Days.Select(d => Screen.Word(d, "")))), (s.Words("DAS", "FROM"), w => Clock(w.FromMinute)), (s.Words("ÀS", "UNTIL"), w => Clock(w.UntilMinute)),
            (s.Words("RESERVA", "SPARE"), w => SpareWord(w.Wish.Spare)), (s.Words("SEM USO", "UNUSED"), w => Screen.Word(w.Wish.Idle, "")), (s.Words("ABERTO", "OPEN"), w => w.Wish.Open ? s.Words("sim", "yes") : s.Words("não", "no")));
        if (s.Json) return 0;
        if (shown.Schedule is null) s.Result(s.Words("Sem horário.", "No schedule."));
        foreach (var g in shown.Suggestions)
            s.Result(s.Words(
                $"Sugestão, {Screen.Word(g.Day, "")}: {g.Spare} de reserva das {Clock(g.FromMinute)} às {Clock(g.UntilMinute)}, porque em {g.Days} dias destes chegaram até {g.People} pessoas entre as {Clock(g.PeakMinute)} e as {Clock(g.PeakMinute + 15)}.",
                $"Suggestion, {Screen.Word(g.Day, "")}: spare {g.Spare} from {Clock(g.FromMinute)} to {Clock(g.UntilMinute)}, because on {g.Days} such days up to {g.People} people came between {Clock(g.PeakMinute)} and {Clock(g.PeakMinute + 15)}."));
        return 0;
    }

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await new Power.PowerClient(call.Calls).ListCalendarsAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Calendars, (s.Words("CALENDÁRIO", "CALENDAR"), c => c.Name), (s.Words("NACIONAIS", "NATIONAL"), c => c.National ? s.Words("sim", "yes") : s.Words("não", "no")), (s.Words("PRÓPRIOS", "OWN"), c => $"{c.Holidays.Count}"));
        return 0;
    }

    private static async Task<int> CreateAsync(Invocation call)
    {
        var made = await new Power.PowerClient(call.Calls).SetCalendarAsync(new() { Name = call.Line.Take(2, 1, 1)[0], National = call.Line.Has("national") }, call.AsAdministrator);
        call.Screen.Done(made, $"Calendário {made.Name} criado.", $"Calendar {made.Name} created.");
        return 0;
    }

    private static async Task<int> ImportAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var calendar = await FindAsync(call, words[0]);
        var now = await new Power.PowerClient(call.Calls).ImportCalendarAsync(new() { CalendarId = calendar.CalendarId, File = ByteString.CopyFrom(Bytes(words[1])) }, call.AsAdministrator);
        var added = now.Holidays.Count - calendar.Holidays.Count;
        call.Screen.Done(now, $"{now.Name}: mais {added} dias.", $"{now.Name}: {added} more days.");
        return 0;
    }

    private static async Task<int> DeleteAsync(Invocation call)
    {
        var calendar = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        var answer = await new Power.PowerClient(call.Calls).DeleteCalendarAsync(new() { CalendarId = calendar.CalendarId }, call.AsAdministrator);
        call.Screen.Done(answer, $"Calendário {calendar.Name} eliminado.", $"Calendar {calendar.Name} deleted.");
        return 0;
    }

    private static async Task<Calendar> FindAsync(Invocation call, string nameOrId) =>
        (await new Power.PowerClient(call.Calls).ListCalendarsAsync(new(), call.AsAdministrator)).Calendars.FirstOrDefault(c => c.Name == nameOrId || c.CalendarId == nameOrId) ?? throw Unknown.Object(ReasonCode.NotFound, nameOrId);

    private static PowerSchedule Read(string path)
    {
        try { return JsonParser.Default.Parse<PowerSchedule>(System.Text.Encoding.UTF8.GetString(Bytes(path))); }
        catch (Exception e) when (e is InvalidJsonException or InvalidProtocolBufferException) { throw new UsageException($"{path}: {e.Message}"); }
    }

    private static byte[] Bytes(string path)
    {
        try { return new FileInfo(path).Length <= MostFile ? File.ReadAllBytes(path) : throw new UsageException($"{path}: > {MostFile} bytes"); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new UsageException($"{path}: {e.Message}"); }
    }

    private static string SpareWord(Spare spare) => spare.WantedCase switch { Spare.WantedOneofCase.Machines => $"{spare.Machines}", Spare.WantedOneofCase.Percent => $"{spare.Percent}%", _ => "all" };

    private static string Clock(uint minute) => $"{minute / 60:00}:{minute % 60:00}";
}
