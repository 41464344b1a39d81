using System.Globalization;
using System.Text.RegularExpressions;

namespace Montalegre.Vdi.Domain;

/// <summary>
/// How the machines of a pool are named: letters, digits and hyphens with one <c>{n}</c>, or <c>{n:00}</c> for padded numbers.
/// Names are host names, so at most 63 characters long.
/// </summary>
public sealed partial class MachineNamePattern
{
    private readonly string _before, _after;
    private readonly int _digits;

    private MachineNamePattern(string before, int digits, string after) => (_before, _digits, _after) = (before, digits, after);

    /// <summary>Reads a pattern; null when it is not one.</summary>
    public static MachineNamePattern? Parse(string text)
    {
        var match = Shape().Match(text);
        return match.Success ? new(match.Groups[1].Value, match.Groups[2].Length, match.Groups[3].Value) : null;
    }

    /// <summary>The name of machine number <paramref name="ordinal"/>.</summary>
    public string Name(int ordinal) => _before + ordinal.ToString(new string('0', Math.Max(1, _digits)), CultureInfo.InvariantCulture) + _after;

    [GeneratedRegex("^([a-z][a-z0-9-]{0,40})\\{n(?::(0{1,5}))?\\}((?:-?[a-z0-9]){0,10})$")]
    private static partial Regex Shape();
}
