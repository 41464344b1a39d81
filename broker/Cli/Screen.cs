using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Montalegre.Vdi.Cli;

/// <summary>Everything that is printed: results on standard output, talk on standard error, in Portuguese or English.</summary>
internal sealed class Screen(TextWriter output, TextWriter talk, CultureInfo culture)
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithIndentation().WithFormatDefaultValues(true));

    public CultureInfo Culture => culture;

    public bool Json { get; set; }

    /// <summary>Tables for spreadsheets and scripts: RFC 4180.</summary>
    public bool Csv { get; set; }

    public string Words(string pt, string en) => culture.TwoLetterISOLanguageName == "pt" ? pt : en;

    public void Say(string pt, string en) => talk.WriteLine(Words(pt, en));

    public void Ask(string pt, string en) => talk.Write(Words(pt, en));

    public void Result(string line) => output.WriteLine(line);

    public void Message(IMessage message) => output.WriteLine(Formatter.Format(message));

    /// <summary>A table for people, the whole message for scripts.</summary>
    public void Table<T>(IMessage whole, IEnumerable<T> rows, params (string Heading, Func<T, string> Cell)[] columns)
    {
        if (Json)
        {
            Message(whole);
            return;
        }
        if (Csv)
        {
            foreach (var line in rows.Select(row => columns.Select(column => column.Cell(row))).Prepend(columns.Select(column => column.Heading))) output.Write($"{string.Join(',', line.Select(Quoted))}\r\n");
            return;
        }
        var cells = rows.Select(row => columns.Select(column => Printable(column.Cell(row))).ToArray()).Prepend([.. columns.Select(column => column.Heading)]).ToList();
        var widths = columns.Select((_, i) => cells.Max(row => row[i].Length)).ToArray();
        foreach (var row in cells) output.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }

    /// <summary>One thing that was done: a line for people, the message for scripts.</summary>
    public void Done(IMessage message, string pt, string en)
    {
        if (Json) Message(message);
        else output.WriteLine(Printable(Words(pt, en)));
    }

    public static string Time(Timestamp? at) => at?.ToDateTime().ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    /// <summary>POOL_KIND_FLOATING is floating.</summary>
    public static string Word<T>(T value, string prefix) where T : struct, System.Enum
    {
        var name = System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
        return name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
    }

    // What a spreadsheet would take for a formula gets an apostrophe in front: names are not ours to trust.
    private static string Quoted(string cell) =>
        $"\"{(cell.TrimStart(' ') is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n', ..] ? "'" : "")}{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    // Names come from guests and users: no control character may reach the terminal.
    private static string Printable(string text) => text.Any(char.IsControl) ? new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]) : text;
}
