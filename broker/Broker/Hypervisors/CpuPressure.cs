using System.Globalization;
using System.Text.RegularExpressions;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Pressure stall information of this computer's processors (Linux, Documentation/accounting/psi.rst).</summary>
internal static partial class CpuPressure
{
    private const string File = "/proc/pressure/cpu";

    /// <summary>Share of the last minute in which something waited for a processor, 0 to 100; null where the kernel does not tell.</summary>
    public static double? Read()
    {
        try { return Parse(System.IO.File.ReadAllText(File)); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return null; }   // a kernel without it, or one that has it switched off
    }

    /// <summary>Reads the line <c>some avg10=.. avg60=.. avg300=.. total=..</c>; null when there is none.</summary>
    public static double? Parse(string text) =>
        Some().Match(text) is { Success: true } some && double.TryParse(some.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) ? share : null;

    [GeneratedRegex(@"^some .*\bavg60=([0-9.]{1,8})\b", RegexOptions.Multiline)]
    private static partial Regex Some();
}
