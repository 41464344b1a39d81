using System.Text.RegularExpressions;
using Montalegre.Vdi.AdminUi.Words;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>What a field must look like, said while it is typed; the broker decides again. Null: it is well.</summary>
internal static partial class FieldRules
{
    public static Func<string, string?> Name(Language say) => text => text?.Trim() is { Length: >= 1 and <= 80 } ? null : say.WrongName;
    public static Func<string, string?> MachineName(Language say) => text => HostName().IsMatch(text?.Trim() ?? "") ? null : say.WrongMachineName;
    public static Func<string, string?> Uri(Language say) => text => LibvirtUri().IsMatch(text?.Trim() ?? "") ? null : say.WrongUri;
    public static Func<string, string?> Network(Language say) => text => NetworkMode().IsMatch(text?.Trim() ?? "") ? null : say.WrongNetwork;
    public static Func<string, string?> AbsolutePath(Language say) => text => text?.Trim().StartsWith('/') == true ? null : say.WrongPath;
    public static Func<string, string?> Door(Language say) => text => DoorAddress().IsMatch(text?.Trim() ?? "") ? null : say.WrongDoor;
    public static Func<string, string?> Pattern(Language say) => text => NamePattern().IsMatch(text?.Trim() ?? "") ? null : say.WrongPattern;
    public static Func<string, string?> RoleName(Language say) => text => NameOfRole().IsMatch(text?.Trim() ?? "") ? null : say.WrongRoleName;
    public static Func<string, string?> KeyName(Language say) => text => NameOfKey().IsMatch(text?.Trim() ?? "") ? null : say.WrongKeyName;
    public static Func<string, string?> NewPassword(Language say) => text => text?.Length >= 12 ? null : say.PasswordTooShort;

    /// <summary>The name of machine <paramref name="number"/> by a pattern that is well.</summary>
    public static string MachineOf(string pattern, int number)
    {
        var match = Number().Match(pattern);
        return match.Success ? pattern[..match.Index] + number.ToString(new string('0', Math.Max(1, match.Groups[1].Length)), System.Globalization.CultureInfo.InvariantCulture) + pattern[(match.Index + match.Length)..] : pattern;
    }

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex HostName();

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,39}$")]
    private static partial Regex NameOfKey();

    [GeneratedRegex("^[a-z][a-z0-9_]{1,39}$")]
    private static partial Regex NameOfRole();

    [GeneratedRegex("^(qemu|test)(\\+(tls|ssh|unix|tcp))?://[A-Za-z0-9@._:\\[\\]-]*/[A-Za-z0-9/_.?&=%-]*$")]
    private static partial Regex LibvirtUri();

    [GeneratedRegex("^(user|(network|bridge):[A-Za-z0-9._-]{1,60})$")]
    private static partial Regex NetworkMode();

    [GeneratedRegex("^([A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:]{2,45}\\]):[0-9]{1,5}$")]
    private static partial Regex DoorAddress();

    [GeneratedRegex("^([a-z][a-z0-9-]{0,40})\\{n(?::(0{1,5}))?\\}((?:-?[a-z0-9]){0,10})$")]
    private static partial Regex NamePattern();

    [GeneratedRegex("\\{n(?::(0{1,5}))?\\}")]
    private static partial Regex Number();
}
