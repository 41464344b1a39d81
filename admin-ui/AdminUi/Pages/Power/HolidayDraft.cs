using System.Globalization;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Power;

/// <summary>What somebody types of one holiday.</summary>
internal sealed class HolidayDraft
{
    private const int LeapYear = 2000;      // of a day of every year, 29 February is one

    public string Name { get; set; } = "";
    public string Day { get; set; } = "1";
    public int Month { get; set; } = 1;

    /// <summary>Empty for every year.</summary>
    public string Year { get; set; } = "";

    public static HolidayDraft Of(Holiday holiday) => new()
    {
        Name = holiday.Name, Day = holiday.Day.ToString(CultureInfo.InvariantCulture), Month = (int)holiday.Month, Year = holiday.Year == 0 ? "" : holiday.Year.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Null while there is no such day.</summary>
    public Holiday? Holiday()
    {
        if (Number(Day) is not { } day || (Year.Trim().Length > 0 ? Number(Year) : 0) is not { } year || year is not 0 and (< 1900 or > 2999)) return null;
        return day >= 1 && day <= DateTime.DaysInMonth(year == 0 ? LeapYear : year, Month) ? new() { Name = Name.Trim(), Day = (uint)day, Month = (uint)Month, Year = (uint)year } : null;
    }

    private static int? Number(string text) => int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
