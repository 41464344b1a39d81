using System.Text;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>
/// Rows as CSV for a spreadsheet: with a byte order mark, in the separator the reader's spreadsheet expects, and no cell
/// that it would take for a formula, because names of computers and people are not ours to trust.
/// </summary>
internal static class SpreadsheetText
{
    // Where the comma is the decimal sign, spreadsheets part cells by semicolons.
    public static byte[] Write<T>(IReadOnlyList<ExportColumn<T>> columns, IEnumerable<T> rows, System.Globalization.CultureInfo culture)
    {
        var separator = culture.NumberFormat.NumberDecimalSeparator == "," ? ';' : ',';
        var text = new StringBuilder("\uFEFF");
        text.AppendJoin(separator, columns.Select(c => Cell(c.Title))).Append("\r\n");
        foreach (var row in rows) text.AppendJoin(separator, columns.Select(c => Cell(c.Value(row)))).Append("\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>One cell, always quoted; what begins like a formula gets an apostrophe in front.</summary>
    public static string Cell(string value)
    {
        var dangerous = value.TrimStart(' ') is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n', ..];
        return $"\"{(dangerous ? "'" : "")}{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}

/// <summary>One column of an export: its heading and what stands in it.</summary>
public sealed record ExportColumn<T>(string Title, Func<T, string> Value);
