using System.Globalization;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Settings;

/// <summary>One setting of the list: where it stands in the options, and how people write its value.</summary>
/// <param name="Key">Its name in files: <c>Identity:EmployeeLifetime</c>.</param>
/// <param name="Section">Where the console shows it.</param>
/// <param name="Unit">In what people write it; the configuration has its own form.</param>
/// <param name="Of">Its value in the options of its section.</param>
/// <param name="Usual">Its value when nobody set it; also says of what type it is.</param>
internal sealed record KnownSetting(string Key, SettingSection Section, SettingUnit Unit, Func<object, object> Of, object Usual)
{
    private const int LongestText = 300;

    /// <summary>Bounds in the unit, narrower than or the same as those of the options; null for text.</summary>
    public double? Lowest { get; init; }

    public double? Highest { get; init; }

    /// <summary>Key of another setting that it may not be less than; empty: none.</summary>
    public string AtLeast { get; init; } = "";

    /// <summary>Key of another setting that it may not be more than; empty: none.</summary>
    public string AtMost { get; init; } = "";

    /// <summary>Shown, so that nobody looks for it in vain; only files set it, because only a start reads it.</summary>
    public bool OnlyInFiles { get; init; }

    /// <summary>The section of the configuration.</summary>
    public string Options => Key[..Key.IndexOf(':', StringComparison.Ordinal)];

    public SettingKind Kind => Usual switch
    {
        string => SettingKind.Text,
        int => SettingKind.Whole,
        _ => SettingKind.Number,
    };

    /// <summary>As people read it, in the unit.</summary>
    public string Show(object value) => value switch
    {
        TimeSpan span => Written(span / OneUnit),
        double number => Written(Unit is SettingUnit.Percent ? number * 100 : number),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => (string)value,
    };

    /// <summary>What somebody wrote, or what is wrong with it.</summary>
    public (object? Value, SettingFault? Fault) Read(string text)
    {
        text = text.Trim();
        if (Usual is string) return text.Length > LongestText || text.Any(char.IsControl) ? (null, SettingFault.OutOfRange) : (text, null);
        if (!double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number)) return (null, SettingFault.NotANumber);
        if (Usual is int && number != Math.Truncate(number)) return (null, SettingFault.NotANumber);
        if (number < Lowest || number > Highest) return (null, SettingFault.OutOfRange);
        return Usual switch
        {
            TimeSpan => (TimeSpan.FromMilliseconds(Math.Round(number * OneUnit.TotalMilliseconds)), null),
            int => ((int)number, null),
            _ => (Unit is SettingUnit.Percent ? number / 100 : number, null),
        };
    }

    /// <summary>As a file would have it.</summary>
    public static string Configured(object value) => value switch
    {
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => (string)value,
    };

    /// <summary>What is stored, as people read it; what this program cannot read is shown as it is.</summary>
    public string ShowConfigured(string stored) => Usual switch
    {
        TimeSpan when TimeSpan.TryParse(stored, CultureInfo.InvariantCulture, out var span) => Show(span),
        double when double.TryParse(stored, CultureInfo.InvariantCulture, out var number) => Show(number),
        _ => stored,
    };

    /// <summary>The range in words, for people who read what files read.</summary>
    public string Range() => Usual is string ? $"at most {LongestText} characters in one line" : $"{Written(Lowest!.Value)} to {Written(Highest!.Value)}{UnitName()}";

    private string UnitName() => Unit switch
    {
        SettingUnit.Unspecified => "",
        SettingUnit.Percent => " %",
        SettingUnit.Watts => " W",
        SettingUnit.Mib => " MiB",
        SettingUnit.MibPerSecond => " MiB/s",
        _ => $" {Unit.ToString().ToLowerInvariant()}",
    };

    private TimeSpan OneUnit => Unit switch
    {
        SettingUnit.Days => TimeSpan.FromDays(1),
        SettingUnit.Hours => TimeSpan.FromHours(1),
        SettingUnit.Minutes => TimeSpan.FromMinutes(1),
        _ => TimeSpan.FromSeconds(1),
    };

    private static string Written(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);
}

/// <summary>Why a value does not fit; scripts and the console read its name.</summary>
internal enum SettingFault { Unknown, Locked, Changed, NotANumber, OutOfRange, LessThanOther, MoreThanOther, Invalid }

/// <summary>One field, what is wrong with it, and the way out.</summary>
internal sealed record SettingProblem(string Key, SettingFault Fault, string Text);
