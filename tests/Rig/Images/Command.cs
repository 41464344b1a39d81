using System.Diagnostics;

namespace Montalegre.Vdi.Rig.Images;

/// <summary>Runs a program to its end; its complaints become the exception.</summary>
internal static class Command
{
    private const int LastLines = 20;

    /// <param name="program">A script of the recipe.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="tell">Hears each line that it writes to its standard error while it works.</param>
    /// <param name="ct">Kills it, with everything that it started.</param>
    public static async Task RunAsync(string program, IEnumerable<string> arguments, Action<string>? tell, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The tools for file systems are in sbin, which an ordinary person's PATH has not.
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/sbin:/usr/sbin:/sbin";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var last = new Queue<string>();
        var reading = Task.WhenAll(process.StandardOutput.ReadToEndAsync(CancellationToken.None), ListenAsync(process.StandardError, last, tell));
        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
        await reading;
        if (process.ExitCode != 0) throw new SetUpException($"The golden image could not be built. {program} ended with {process.ExitCode}:\n{string.Join('\n', last)}");
    }

    private static async Task<string> ListenAsync(StreamReader from, Queue<string> last, Action<string>? tell)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            tell?.Invoke(line);
            if (last.Count == LastLines) last.Dequeue();
            last.Enqueue(line);
        }
        return "";
    }
}
