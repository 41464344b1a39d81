using System.Text.RegularExpressions;
using Montalegre.Vdi.Architecture.Tests.Rules;

namespace Montalegre.Vdi.Architecture.Tests;

/// <summary>The table of peers' cases names real tests.</summary>
public sealed partial class PeerCasesTests
{
    private const int Cases = 31;
    private static readonly string Table = File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "docs", "peers-cases.md"));

    [Fact]
    public void Every_test_that_the_table_of_peers_cases_names_exists()
    {
        Assert.NotEmpty(Missing("| 1 | a case | | `LaunchRaceTests.A_test_that_nobody_wrote` |"));
        Assert.Empty(Missing(Table));
    }

    [Fact]
    public void Each_of_the_ten_main_flows_has_a_test_that_exists()
    {
        var flows = File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "docs", "flows.md"));
        Assert.Equal(10, Named().Count(flows));
        Assert.Empty(Missing(flows));
    }

    [Fact]
    public void Every_case_is_in_the_table_with_a_test_or_the_reason_why_there_is_none()
    {
        var rows = Row().Matches(Table).ToDictionary(r => int.Parse(r.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), r => r.Value);
        Assert.Equal(Enumerable.Range(1, Cases), rows.Keys.Order());
        Assert.All(rows.Values, row => Assert.True(Named().IsMatch(row) || row.Contains("Not shown:", StringComparison.Ordinal), row));
    }

    private static List<string> Missing(string table) =>
    [
        .. Named().Matches(table).Where(named => !SourceTree.Checkout.Below("tests").Any(source =>
            source.Path.EndsWith($"/{named.Groups[1].Value}.cs", StringComparison.Ordinal)
            && source.Text.Contains($" {named.Groups[2].Value}(", StringComparison.Ordinal))).Select(named => named.Value),
    ];

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex Named();

    [GeneratedRegex(@"^\| (\d+) \|.*$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
