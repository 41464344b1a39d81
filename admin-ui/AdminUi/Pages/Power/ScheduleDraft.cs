using System.Globalization;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Power;

/// <summary>What somebody types of one wish.</summary>
public sealed class WishDraft
{
    /// <summary>A number, a share with %, or nothing for all.</summary>
    public string Spare { get; set; } = "1";

    /// <summary>What becomes of machines beyond it.</summary>
    public IdleAction Idle { get; set; } = IdleAction.Keep;

    /// <summary>Whether sessions may begin.</summary>
    public bool Open { get; set; } = true;

    /// <summary>As a wish is typed.</summary>
    public static WishDraft Of(PowerWish wish) => new()
    {
        Spare = wish.Spare.WantedCase switch { Contracts.Admin.V1.Spare.WantedOneofCase.Machines => $"{wish.Spare.Machines}", Contracts.Admin.V1.Spare.WantedOneofCase.Percent => $"{wish.Spare.Percent}%", _ => "" },
        Idle = wish.Idle, Open = wish.Open,
    };

    /// <summary>Null when the spare is neither a number nor a share.</summary>
    public PowerWish? Wish() => SpareOf(Spare.Trim()) is { } spare ? new() { Spare = spare, Idle = Idle, Open = Open } : null;

    private static Spare? SpareOf(string text) => text switch
    {
        "" => new() { Everything = true },
        [.. var share, '%'] => uint.TryParse(share.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent <= 100 ? new() { Percent = percent } : null,
        _ => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= 5000 ? new() { Machines = count } : null,
    };
}

/// <summary>What somebody types of one window.</summary>
internal sealed class WindowDraft
{
    public HashSet<ScheduleDay> Days { get; init; } = [];
    public string From { get; set; } = "08:00";
    public string Until { get; set; } = "18:00";
    public WishDraft Wish { get; init; } = new();

    public static WindowDraft Of(PowerWindow window) => new()
    {
        Days = [.. window.Days], From = Words.Language.Clock(window.FromMinute), Until = Words.Language.Clock(window.UntilMinute % WeekView.DayMinutes), Wish = WishDraft.Of(window.Wish),
    };

    /// <summary>Null while something of it is not as it must be. Midnight as an end is the day's last.</summary>
    public PowerWindow? Window()
    {
        if (Days.Count == 0 || Minute(From) is not { } from || Minute(Until) is not { } end || Wish.Wish() is not { } wish) return null;
        var until = end == 0 ? WeekView.DayMinutes : end;
        return until > from ? new() { Days = { Days.Order() }, FromMinute = from, UntilMinute = until, Wish = wish } : null;
    }

    private static uint? Minute(string text) =>
        TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out var time) ? (uint)((time.Hour * 60) + time.Minute) : null;
}
