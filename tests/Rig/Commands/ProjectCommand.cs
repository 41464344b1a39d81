using System.Diagnostics;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Rig.Commands;

/// <summary>Builds one of the project's programs and runs it in the foreground.</summary>
internal static class ProjectCommand
{
    public static async Task<int> RunAsync(string project, string[] arguments, PackagePurpose purpose, CancellationToken ct)
    {
        var progress = new Progress(Console.Error);
        await Packages.EnsureAsync(purpose, progress, ct);
        await Builds.ProjectsAsync([project], progress, ct);
        return await ForegroundAsync(project, arguments, ct);
    }

    /// <summary>The command line, pointed at the running demonstration unless the caller points it elsewhere.</summary>
    public static async Task<int> RunCliAsync(string[] arguments, CancellationToken ct)
    {
        await Builds.ProjectsAsync(arguments.FirstOrDefault() == "db" ? ["broker/Cli", "broker/Broker"] : ["broker/Cli"], new Progress(Console.Error), ct);
        var account = await ServiceAccount.EnsureAsync(null, ct);
        // What is done to the database on this machine is done to the demonstration's, unless somebody names another.
        Environment.SetEnvironmentVariable("MONTALEGRE_BROKER", Environment.GetEnvironmentVariable("MONTALEGRE_BROKER") ?? Builds.Program("broker/Broker"));
        Environment.SetEnvironmentVariable("MONTALEGRE_STATE", Environment.GetEnvironmentVariable("MONTALEGRE_STATE") ?? Path.Combine(account.StateDirectory, "broker"));
        string[] target = arguments.Contains("--server") ? [] : ["--server", DemonstrationStack.ApiUrl, "--authority", Path.Combine(account.StateDirectory, "broker", "authority.pem")];
        return await ForegroundAsync("broker/Cli", [.. arguments, .. target], ct);
    }

    private static async Task<int> ForegroundAsync(string project, string[] arguments, CancellationToken ct)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Builds.Program(project), .. arguments]))!;
        // Ctrl-C reaches the child by the terminal; we wait for it to finish cleanly, but not for ever.
        await process.WaitForExitAsync(ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (process.HasExited) return process.ExitCode;
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await process.WaitForExitAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        return 130;
    }
}
