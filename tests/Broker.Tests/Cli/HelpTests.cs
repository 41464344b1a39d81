using Montalegre.Vdi.Cli;

namespace Montalegre.Vdi.Broker.Tests.Cli;

/// <summary>What the command line says of itself, without a broker.</summary>
public sealed class HelpTests
{
    private const int Columns = 80;

    [Theory]
    [InlineData("pt-PT")]
    [InlineData("en-GB")]
    public async Task Help_names_every_command_in_a_line_and_says_of_those_asked_for_what_they_take(string language)
    {
        var (code, all, _) = await RunAsync(language, "help");
        Assert.Equal(0, code);
        var lines = all.Split('\n');
        foreach (var command in CommandTable.All)
        {
            var words = language == "pt-PT" ? command.Pt : command.En;
            Assert.Single(lines, line => line.StartsWith($"  {command.Name} ", StringComparison.Ordinal) && line.EndsWith("  " + words, StringComparison.Ordinal));
        }

        var (_, pools, _) = await RunAsync(language, "help", "pools");
        Assert.All(pools.Split('\n').Where(line => !line.StartsWith("        ", StringComparison.Ordinal)), line => Assert.True(line.Length <= Columns || line.Trim().Split(' ').Length == 1, line));
        Assert.All(CommandTable.All.Where(c => c.Name.StartsWith("pools ", StringComparison.Ordinal)).SelectMany(c => c.Takes.Split(' ', StringSplitOptions.RemoveEmptyEntries)), word => Assert.Contains(word, pools, StringComparison.Ordinal));
        Assert.DoesNotContain("  users", pools, StringComparison.Ordinal);

        var (_, one, _) = await RunAsync(language, "pools", "create", "--help");
        Assert.StartsWith("  pools create ", one, StringComparison.Ordinal);
        Assert.DoesNotContain("pools delete", one, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_about_nothing_that_there_is_says_so()
    {
        var (code, output, talk) = await RunAsync("en-GB", "help", "poles");
        Assert.Equal((2, "", "Not understood: poles. See: montalegre help"), (code, output, talk.TrimEnd()));
    }

    private static Task<(int Code, string Output, string Talk)> RunAsync(string language, params string[] typed) => CliRig.CallAsync(language, "", "", typed);
}
