namespace Montalegre.Vdi.Domain;

/// <summary>A holiday that a calendar names: every year on a day and month, or once.</summary>
/// <param name="Name">As people call it.</param>
/// <param name="Month">1 to 12.</param>
/// <param name="Day">1 to 31.</param>
/// <param name="Year">The only year, or null for every one.</param>
public sealed record Holiday(string Name, int Month, int Day, int? Year)
{
    /// <summary>True on that day.</summary>
    public bool IsOn(DateOnly date) => date.Month == Month && date.Day == Day && (Year is null || Year == date.Year);
}

/// <summary>Days on which a schedule's holiday windows hold: Portugal's own, if wanted, and those that a calendar names.</summary>
/// <param name="National">Portugal's national holidays are in it.</param>
/// <param name="Own">Municipal and other ones.</param>
public sealed record HolidayCalendar(bool National, IReadOnlyList<Holiday> Own)
{
    /// <summary>Without any holiday.</summary>
    public static readonly HolidayCalendar Empty = new(false, []);

    /// <summary>True when it names that day.</summary>
    public bool IsHoliday(DateOnly date) => (National && PortugueseHolidays.In(date.Year).Any(h => h.Date == date)) || Own.Any(h => h.IsOn(date));
}

/// <summary>Portugal's national holidays: Código do Trabalho, article 234, number 1.</summary>
public static class PortugueseHolidays
{
    /// <summary>Those of a year, in order. Carnival is not among them: it is granted year by year.</summary>
    /// <param name="year">1583 to 4099.</param>
    public static IReadOnlyList<(DateOnly Date, string Name)> In(int year)
    {
        var easter = Easter(year);
        return
        [
            .. new (DateOnly Date, string Name)[]
            {
                (new(year, 1, 1), "Ano Novo"), (easter.AddDays(-2), "Sexta-feira Santa"), (easter, "Páscoa"), (new(year, 4, 25), "Dia da Liberdade"),
                (new(year, 5, 1), "Dia do Trabalhador"), (easter.AddDays(60), "Corpo de Deus"), (new(year, 6, 10), "Dia de Portugal"), (new(year, 8, 15), "Assunção de Nossa Senhora"),
                (new(year, 10, 5), "Implantação da República"), (new(year, 11, 1), "Todos os Santos"), (new(year, 12, 1), "Restauração da Independência"),
                (new(year, 12, 8), "Imaculada Conceição"), (new(year, 12, 25), "Natal"),
            }.OrderBy(h => h.Date),
        ];
    }

    /// <summary>Easter Sunday of the Gregorian calendar, by the anonymous algorithm that Meeus gives (Astronomical Algorithms, chapter 8).</summary>
    public static DateOnly Easter(int year)
    {
        var (golden, century, inCentury) = (year % 19, year / 100, year % 100);
        var epact = ((19 * golden) + century - (century / 4) - ((century - ((century + 8) / 25) + 1) / 3) + 15) % 30;
        var weekday = (32 + (2 * (century % 4)) + (2 * (inCentury / 4)) - epact - (inCentury % 4)) % 7;
        var late = (golden + (11 * epact) + (22 * weekday)) / 451;
        var march = epact + weekday - (7 * late) + 114;
        return new(year, march / 31, (march % 31) + 1);
    }
}
