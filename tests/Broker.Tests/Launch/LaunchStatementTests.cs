using System.Text.RegularExpressions;
using Montalegre.Vdi.Broker.Launch;

namespace Montalegre.Vdi.Broker.Tests.Launch;

/// <summary>The launch statement as text; the benchmark runs it under pgbench by the same list of parameters.</summary>
public sealed partial class LaunchStatementTests
{
    [Fact]
    public void Parameters_are_those_that_the_statement_names() => Assert.Equal(
        LaunchStore.Parameters.Select(p => p.Name).Order(StringComparer.Ordinal),
        Name().Matches(LaunchStore.LaunchStatement).Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal));

    [GeneratedRegex(@"@(\w+)")]
    private static partial Regex Name();
}
