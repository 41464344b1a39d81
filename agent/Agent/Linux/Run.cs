using System.ComponentModel;
using System.Diagnostics;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>Runs a program of the system with an argument list, never through a shell.</summary>
internal static class Run
{
    private const string SystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private const int NotFound = 127;
    private const int LongestError = 300;

    /// <summary>Exit code and the end of what it said on standard error.</summary>
    public static async Task<(int Exit, string Error)> ToEndAsync(string program, IEnumerable<string> arguments, CancellationToken ct)
    {
        using var process = Start(program, arguments, input: null);
        if (process is null) return (NotFound, $"{program} is not installed");
        using (ct.Register(static p => ((Process)p!).Kill(entireProcessTree: true), process))
        {
            var error = await process.StandardError.ReadToEndAsync(CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None);
            ct.ThrowIfCancellationRequested();
            return (process.ExitCode, error.ReplaceLineEndings(" ").Trim() is { Length: > LongestError } all ? all[^LongestError..] : error.Trim());
        }
    }

    /// <summary>Starts a program; null when it is not installed.</summary>
    public static Process? Start(string program, IEnumerable<string> arguments, string? input, bool output = false)
    {
        var start = new ProcessStartInfo(Find(program) ?? program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = output,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = SystemPath;
        start.Environment["LANG"] = "C.UTF-8";
        try
        {
            var process = Process.Start(start);
            if (process is not null && input is not null) process.StandardInput.Write(input);
            process?.StandardInput.Close();
            return process;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    public static string? Find(string program) =>
        SystemPath.Split(':').Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists);
}
