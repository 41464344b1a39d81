using System.Diagnostics;
using System.Globalization;
using System.Text;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>A disk that cannot become an image, for a reason a person can be told.</summary>
internal sealed class DiskRefusedException(RefusalReason reason, string message) : Exception(message)
{
    public RefusalReason Reason { get; } = reason;
}

/// <summary>What a program printed, the end of it, and how it ended.</summary>
internal sealed record ToolAnswer(int ExitCode, string Output, string Complaints)
{
    /// <summary>What it said last.</summary>
    public string LastWords => string.Join(" | ", (Complaints.Trim().Length > 0 ? Complaints : Output).Trim().Split('\n').TakeLast(3));
}

/// <summary>
/// Runs a program on a disk that somebody handed over: behind everything else in the queue for the processor, and with a bound
/// on its memory, because a disk may be made to need a great deal of it.
/// </summary>
internal static class DiskTool
{
    private const long MostMemory = 4L << 30;
    private const int MostText = 4 << 20;

    /// <param name="program">Its path or name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="input">What it reads from standard input; null for nothing.</param>
    /// <param name="heard">Hears what it prints, piece by piece.</param>
    /// <param name="ct">Kills it.</param>
    public static async Task<ToolAnswer> RunAsync(string program, IEnumerable<string> arguments, string? input, Action<string>? heard, CancellationToken ct)
    {
        var start = new ProcessStartInfo("nice", ["-n", "10", "prlimit", string.Create(CultureInfo.InvariantCulture, $"--as={MostMemory}"), "--", program, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        // The tools for file systems are in sbin, which an ordinary person's PATH has not.
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/sbin:/usr/sbin:/sbin";
        using var process = Process.Start(start)!;
        try
        {
            var output = ReadAsync(process.StandardOutput, heard, ct);
            var complaints = ReadAsync(process.StandardError, null, ct);
            if (input is not null) await process.StandardInput.WriteAsync(input.AsMemory(), ct);
            process.StandardInput.Close();
            var (said, complained) = (await output, await complaints);
            await process.WaitForExitAsync(ct);
            return new(process.ExitCode, said, complained);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static async Task<string> ReadAsync(StreamReader from, Action<string>? heard, CancellationToken ct)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        for (int read; (read = await from.ReadAsync(buffer, ct)) > 0;)
        {
            if (text.Length < MostText) text.Append(buffer, 0, read);
            heard?.Invoke(new string(buffer, 0, read));
        }
        return text.ToString();
    }
}
