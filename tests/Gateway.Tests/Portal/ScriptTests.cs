using System.Diagnostics;
using Montalegre.Vdi.Rig;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The tests of the script's own parts (scan codes, wire format, gestures, reconnection), run by Node's test runner.</summary>
public sealed class ScriptTests
{
    [Theory]
    [InlineData("wire")]
    [InlineData("keys")]
    [InlineData("gestures")]
    [InlineData("connection")]
    [InlineData("layout")]
    public async Task Script_part_passes_its_own_tests(string part)
    {
        using var node = Process.Start(new ProcessStartInfo("/usr/bin/node", ["--test", Checkout.Path($"tests/Gateway.Tests/Portal/Script/{part}.test.mjs")]) { RedirectStandardOutput = true })!;
        var output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, output);
        Assert.DoesNotContain("# tests 0", output, StringComparison.Ordinal);
    }
}
