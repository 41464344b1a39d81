using System.Globalization;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Calendars that say which days are holidays.
internal sealed partial class Language
{
    public string CalendarsWord => Pick("Calendários", "Calendars");
    public string CalendarsHint => Pick("Um calendário diz que dias são feriado. O horário de um conjunto pode seguir um.", "A calendar says which days are holidays. The schedule of a pool may follow one.");
    public string NoCalendars => Pick("Ainda não há calendários. Crie um com os feriados nacionais e o feriado do município.", "There are no calendars yet. Create one with the national holidays and the municipality's own.");
    public string CreateCalendar => Pick("Criar calendário", "Create calendar");
    public string EditCalendar => Pick("Alterar", "Change");
    public string EditCalendarTitle(string name) => name.Length > 0 ? Pick($"Alterar {name}", $"Change {name}") : CreateCalendar;
    public string CalendarSaved(string name) => Pick($"O calendário {name} foi guardado.", $"The calendar {name} was saved.");
    public string NationalWord => Pick("Feriados nacionais de Portugal incluídos", "Portugal's national holidays included");
    public string NotNationalWord => Pick("Sem os feriados nacionais", "Without the national holidays");
    public string OwnDays(int n) => n == 0 ? Pick("Sem dias próprios", "No days of its own") : Count(n, "{0} dia próprio", "{0} dias próprios", "{0} day of its own", "{0} days of its own");
    public string UsedByWord => Pick("Usado por", "Used by");
    public string UsedByNobody => Pick("Nenhum conjunto o usa.", "No pool uses it.");
    public string CalendarTouches(IEnumerable<string> pools) => string.Join(", ", pools) is { Length: > 0 } names ? Pick($"O horário destes conjuntos muda nesses dias: {names}.", $"The schedule of these pools changes on those days: {names}.") : UsedByNobody;
    public string DeleteCalendarUsed(string pools) => Pick($"Em uso por: {pools}. Escolha primeiro outro calendário, ou nenhum, no horário desses conjuntos.", $"Used by: {pools}. Choose another calendar, or none, in the schedule of those pools first.");
    public string AddDay => Pick("Acrescentar dia", "Add a day");
    public string DayNumber(int number) => Pick($"Dia {number} da lista", $"Day {number} of the list");
    public string RemoveDay(int number) => Pick($"Retirar o dia {number} da lista", $"Remove day {number} of the list");
    public string DayWord => Pick("Dia", "Day");
    public string MonthWord => Pick("Mês", "Month");
    public string YearWord => Pick("Ano (vazio: todos)", "Year (empty: every one)");
    public string HolidayName => Pick("Nome do feriado", "Name of the holiday");
    public string WrongDay(int number) => Pick($"Dia {number} da lista: esse dia não existe.", $"Day {number} of the list: there is no such day.");
    public string Month(int month) => Culture.DateTimeFormat.GetMonthName(month);
    public string HolidayOf(Holiday day)
    {
        var date = string.Create(Culture, $"{day.Day} {Pick("de ", "")}{Month((int)day.Month)}");
        var on = day.Year == 0 ? $"{date}, {Pick("todos os anos", "every year")}" : string.Create(CultureInfo.InvariantCulture, $"{date}{Pick(" de", "")} {day.Year}");
        return day.Name.Length > 0 ? $"{day.Name}: {on}" : on;
    }
    public string ImportDays => Pick("Importar ficheiro .ics", "Import an .ics file");
    public string ImportDaysTitle(string name) => Pick($"Importar dias para {name}", $"Import days into {name}");
    public string IcsFile => Pick("Ficheiro iCalendar (.ics)", "iCalendar file (.ics)");
    public string IcsHint => Pick("Contam os acontecimentos de dia inteiro; os que já lá estão ficam. Até 1 MiB.", "Whole-day events count; what is there already stays. At most 1 MiB.");
    public string FileTooBig => Pick("O ficheiro tem mais de 1 MiB.", "The file is larger than 1 MiB.");
    public string ImportDaysDo => Pick("Importar", "Import");
    public string DaysImported(int n) => n == 0 ? Pick("Todos os dias do ficheiro já lá estavam.", "All days of the file were there already.") : Count(n, "{0} dia acrescentado.", "{0} dias acrescentados.", "{0} day added.", "{0} days added.");
    public string DeleteCalendarWord => Pick("Eliminar", "Delete");
    public string DeleteCalendarQuestion(string name) => Pick($"Eliminar o calendário {name}?", $"Delete the calendar {name}?");
    public string CalendarDeleted(string name) => Pick($"O calendário {name} foi eliminado.", $"The calendar {name} was deleted.");
    public string OfCalendar(string word, string name) => $"{word}: {name}";
    public string TimeZoneHint => Pick("Escreva parte do nome, por exemplo Azores", "Type part of the name, for example Azores");
    public string WrongTimeZone(string zone) => Pick($"«{zone}» não é um fuso horário conhecido, por exemplo Europe/Lisbon.", $"“{zone}” is no known time zone, for example Europe/Lisbon.");

    private string? CalendarAction(string action) => action switch
    {
        "calendar.set" => Pick("Guardou o calendário", "Saved the calendar"),
        "calendar.delete" => Pick("Eliminou o calendário", "Deleted the calendar"),
        "pool.schedule" => Pick("Mudou o horário do conjunto", "Changed the pool's schedule"),
        "pool.schedule_removed" => Pick("Retirou o horário do conjunto", "Removed the pool's schedule"),
        _ => null,
    };
}
