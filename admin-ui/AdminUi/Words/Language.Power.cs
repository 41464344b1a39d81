using System.Globalization;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// What a pool wants by weekday and hour.
internal sealed partial class Language
{
    public string ScheduleWord => Pick("Horário e energia", "Schedule and power");
    public string NoSchedule => Pick("Sem horário: o conjunto está sempre aberto e mantém sempre as mesmas máquinas de reserva.", "No schedule: the pool is always open and always keeps the same spare machines.");
    public string ChangeSchedule => Pick("Mudar horário", "Change schedule");
    public string ChangeScheduleTitle(string pool) => Pick($"Horário de {pool}", $"Schedule of {pool}");
    public string RemoveSchedule => Pick("Retirar horário", "Remove schedule");
    public string RemoveScheduleQuestion(string pool) => Pick($"Retirar o horário de {pool}?", $"Remove the schedule of {pool}?");
    public string RemoveScheduleTouches => Pick("O conjunto fica sempre aberto e as máquinas adormecidas voltam a arrancar ou são eliminadas.", "The pool stays open, and sleeping machines are started again or go.");
    public string ScheduleSaved => Pick("O horário foi guardado.", "The schedule was saved.");
    public string ScheduleRemoved => Pick("O horário foi retirado.", "The schedule was removed.");
    public string PoolOpenNow => Pick("Aberto agora", "Open now");
    public string PoolClosedNow(string? until) => until is null ? Pick("Fechado; o horário nunca abre", "Closed; the schedule never opens") : Pick($"Fechado até {until}", $"Closed until {until}");
    public string TimeZoneWord => Pick("Fuso horário", "Time zone");
    public string CalendarWord => Pick("Calendário de feriados", "Holiday calendar");
    public string NoCalendar => Pick("Nenhum: nenhum dia é feriado", "None: no day is a holiday");
    public string NationalCalendar => Pick("Feriados nacionais de Portugal", "National holidays of Portugal");
    public string NewNationalCalendar => Pick("Criar calendário com os feriados nacionais", "Create a calendar with the national holidays");
    public string OtherwiseWord => Pick("Fora dos períodos", "Outside of the periods");
    public string PeriodWord(int number) => Pick($"Período {number}", $"Period {number}");
    public string AddPeriod => Pick("Acrescentar período", "Add a period");
    public string RemovePeriod(int number) => Pick($"Retirar período {number}", $"Remove period {number}");
    public string FromWord => Pick("Das", "From");
    public string UntilWord => Pick("Às", "Until");
    public string SpareOfPeriod => Pick("De reserva (número ou %)", "Spare (number or %)");
    public string SpareOfPeriodHint(bool manual) => manual ? Pick("Nenhuma é acordada", "None is woken") : Pick("Todas as que pode ter", "All that it may have");
    public string UnusedMachinesWord => Pick("Máquinas sem uso", "Unused machines");
    public string OpenWord => Pick("Aberto a novas sessões", "Open for new sessions");
    public string WrongPeriod(int number) => Pick($"Período {number}: escolha dias, um fim depois do início e uma reserva como 5 ou 20%.", $"Period {number}: choose days, an end after the beginning and a spare such as 5 or 20%.");
    public string WrongOtherwise => Pick("Fora dos períodos: dê uma reserva como 5 ou 20%.", "Outside of the periods: give a spare such as 5 or 20%.");
    public string SuggestionsWord => Pick("Sugestões", "Suggestions");
    public string ApplySuggestion => Pick("Aplicar", "Apply");
    public string ApplySuggestionOf(ScheduleDay day) => Pick($"Aplicar a sugestão de {Day(day)}", $"Apply the suggestion for {Day(day)}");
    public string SuggestionOf(SpareSuggestion s) => Pick(
        $"{Day(s.Day)}: {s.Spare} de reserva das {Clock(s.FromMinute)} às {Clock(s.UntilMinute)}, porque nos últimos {s.Days} dias destes chegaram até {s.People} pessoas entre as {Clock(s.PeakMinute)} e as {Clock(s.PeakMinute + 15)}.",
        $"{Day(s.Day)}: spare {s.Spare} from {Clock(s.FromMinute)} to {Clock(s.UntilMinute)}, because on the last {s.Days} such days up to {s.People} people came between {Clock(s.PeakMinute)} and {Clock(s.PeakMinute + 15)}.");

    public string Day(ScheduleDay day) => day switch
    {
        ScheduleDay.Monday => Pick("Segunda", "Monday"),
        ScheduleDay.Tuesday => Pick("Terça", "Tuesday"),
        ScheduleDay.Wednesday => Pick("Quarta", "Wednesday"),
        ScheduleDay.Thursday => Pick("Quinta", "Thursday"),
        ScheduleDay.Friday => Pick("Sexta", "Friday"),
        ScheduleDay.Saturday => Pick("Sábado", "Saturday"),
        ScheduleDay.Sunday => Pick("Domingo", "Sunday"),
        _ => Pick("Feriado", "Holiday"),
    };

    public string IdleOf(IdleAction idle) => idle switch
    {
        IdleAction.ShutDown => Pick("são encerradas", "are shut down"),
        IdleAction.Suspend => Pick("são suspensas", "are suspended"),
        IdleAction.Remove => Pick("são eliminadas", "are deleted"),
        _ => Pick("ficam ligadas", "stay on"),
    };

    public string WishOf(PowerWish wish) => wish.Open
        ? Pick($"{SpareOf(wish.Spare)}; sem uso {IdleOf(wish.Idle)}", $"{SpareOf(wish.Spare)}; unused ones {IdleOf(wish.Idle)}")
        : Pick($"Fechado; {SpareOf(wish.Spare)}; sem uso {IdleOf(wish.Idle)}", $"Closed; {SpareOf(wish.Spare)}; unused ones {IdleOf(wish.Idle)}");

    /// <summary>A minute of the day by the clock on the wall.</summary>
    public static string Clock(uint minute) => string.Create(CultureInfo.InvariantCulture, $"{minute / 60:00}:{minute % 60:00}");
}
