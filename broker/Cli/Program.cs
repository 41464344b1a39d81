using System.Globalization;
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

namespace Montalegre.Vdi.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        var screen = new Screen(Console.Out, Console.Error, CultureInfo.CurrentUICulture);
        return await CommandTable.RunAsync(arguments, screen, new TerminalPasswords(screen), SavedSignIns.UsualFile, stop.Token);
    }
}
