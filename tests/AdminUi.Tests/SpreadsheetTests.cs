using System.Text;
using Montalegre.Vdi.AdminUi.Components;

namespace Montalegre.Vdi.AdminUi.Tests;

public sealed class SpreadsheetTests
{
    [Theory]
    [InlineData("balcao-1", "\"balcao-1\"")]
    [InlineData("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"")]
    [InlineData("+1", "\"'+1\"")]
    [InlineData("-1", "\"'-1\"")]
    [InlineData("  @sum", "\"'  @sum\"")]
    [InlineData("\tx", "\"'\tx\"")]
    [InlineData("", "\"\"")]
    public void No_cell_is_taken_for_a_formula(string value, string cell) => Assert.Equal(cell, SpreadsheetText.Cell(value));

    [Theory]
    [InlineData("pt-PT", ";")]
    [InlineData("en-GB", ",")]
    public void Rows_are_parted_as_the_readers_spreadsheet_expects(string culture, string separator)
    {
        var bytes = SpreadsheetText.Write<string>([new("Nome", s => s), new("Tamanho", s => $"{s.Length}")], ["máquina"], new(culture));
        Assert.Equal([0xEF, 0xBB, 0xBF], bytes[..3]);
        Assert.Equal($"\"Nome\"{separator}\"Tamanho\"\r\n\"máquina\"{separator}\"7\"\r\n", Encoding.UTF8.GetString(bytes[3..]));
    }
}
