using System.Diagnostics;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>Runs one of PostgreSQL's own programs, or tar, to its end.</summary>
internal static class PostgresTool
{
    /// <summary>Answers what it printed.</summary>
    /// <exception cref="StartUpException">It failed; the message is what it said last.</exception>
    public static Task<string> RunAsync(PostgresPrograms programs, string tool, string[] arguments, CancellationToken ct, string? directory = null)
    {
        var path = programs.Tool(tool);
        return File.Exists(path)
            ? RunAsync(path, arguments, ct, directory)
            : throw new StartUpException($"{path} is missing. Install it: apt-get install postgresql-{programs.Major}");
    }

    public static async Task<string> RunAsync(string program, string[] arguments, CancellationToken ct, string? directory = null)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = directory ?? "/",
            Environment = { ["LC_ALL"] = "C.UTF-8" },
        })!;
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var errors = await process.StandardError.ReadToEndAsync(ct);
            var said = await output;
            await process.WaitForExitAsync(ct);
            if (process.ExitCode == 0) return said;
            var words = (errors.Trim().Length > 0 ? errors : said).Trim().Split('\n').TakeLast(3);
            throw new StartUpException($"{Path.GetFileName(program)} failed: {string.Join(" | ", words)}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);   // we were told to stop; half a backup is none
                await process.WaitForExitAsync(CancellationToken.None);   // then nobody writes any more where the caller cleans up
            }
        }
    }
}
