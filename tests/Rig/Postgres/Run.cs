using System.Diagnostics;
using System.Globalization;

namespace Montalegre.Vdi.Rig.Postgres;

/// <summary>Runs a program to its end and fails with what it said.</summary>
public static class Run
{
    /// <summary>Starts the program, gives it <paramref name="input"/>, and answers its standard output.</summary>
    public static async Task<string> ToEndAsync(string program, IEnumerable<string> arguments, string? input = null, CancellationToken ct = default)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        await GiveAsync(process.StandardInput, input);
        await process.WaitForExitAsync(ct);
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}");
    }

    /// <summary>Sends a process a signal by name; one that has ended, also just now by itself, needs none.</summary>
    public static async Task SignalAsync(Process process, string signal)
    {
        if (process.HasExited) return;
        try { await ToEndAsync("/bin/kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]); }
        catch (InvalidOperationException) when (process.HasExited) { }
    }

    // A program that ends before it has read everything says by its exit code whether that was a failure.
    private static async Task GiveAsync(StreamWriter to, string? input)
    {
        try
        {
            if (input is not null) await to.WriteAsync(input);
            to.Close();
        }
        catch (IOException) { }
    }
}
