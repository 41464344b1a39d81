using Montalegre.Vdi.Gateway.Tests.Desktops;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>A real xrdp whose desktop writes down every key and button it hears.</summary>
public sealed class ListeningMachine : XrdpMachine
{
    // A key that is held while the machine stands still is one key.
    protected override string Programs => """xset r off; stdbuf -oL xev -geometry 800x600+0+0 -event keyboard -event button > "$HOME/heard" 2>&1 &""";

    /// <summary>Names of the keys that went down, in order, as X calls them.</summary>
    public IReadOnlyList<string> Keys => [.. Events("KeyPress event").Select(e => Between(e, "keysym ", ")").Split(", ")[1])];

    /// <summary>Numbers of the buttons that went down, in order: 4 wheel up, 5 down, 6 left, 7 right.</summary>
    public IReadOnlyList<int> Buttons => [.. Events("ButtonPress event").Select(e => int.Parse(Between(e, "button ", ","), System.Globalization.CultureInfo.InvariantCulture))];

    private IEnumerable<string> Events(string kind)
    {
        var path = $"/home/{UserName}/heard";
        // The last one may be written only in part.
        return File.Exists(path) ? File.ReadAllText(path).Split("\n\n").SkipLast(1).Select(e => e.TrimStart()).Where(e => e.StartsWith(kind, StringComparison.Ordinal)) : [];
    }

    private static string Between(string text, string before, string after)
    {
        var from = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[from..text.IndexOf(after, from, StringComparison.Ordinal)];
    }
}
