using Montalegre.Vdi.Rig.Commands;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>The verb for the command line, as the README calls it.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task The_verb_cli_compiles_and_starts_the_command_line_and_ends_as_that_does()
    {
        Assert.Equal(0, await DevCommand.RunAsync(["cli", "help"]));
        Assert.Equal(2, await DevCommand.RunAsync(["cli", "no-such-verb"]));
    }
}
