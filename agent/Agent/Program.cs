using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Linux;
using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent;

/// <summary><c>montalegre-agent [--config FILE]</c>: runs until SIGTERM, or until the Windows service is stopped.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (args is not ([] or ["--config", _]))
        {
            await Console.Error.WriteLineAsync("usage: montalegre-agent [--config FILE]");
            return 2;
        }

        var problems = new List<string>();
        var options = AgentOptions.Read(args is [_, var file] ? file : UsualConfig, problems);
        if (OperatingSystem.IsWindows()) return await Windows.WindowsHost.RunAsync(options, problems);

        var log = new StderrLogger();
        foreach (var problem in problems) log.SettingIgnored(problem);
        using var stopping = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        log.Starting(RunAgent.Version, RuntimeInformation.OSDescription);
        var guest = new LinuxGuest(options, TimeProvider.System, log);
        if (new RunningState(guest, options, TimeProvider.System, log) is { IsOne: true } state)
        {
            try { await state.UntilSomebodyAsync(stopping.Token); }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested) { return 0; }
            OwnProgram.BeginAnew(args);   // what was drawn or read before belongs to the saved machine
        }
        var outbox = new Outbox();
        await RunAgent.RunAsync(guest, outbox, new SessionBoard(outbox, TimeProvider.System, log), options, TimeProvider.System, log, stopping.Token);
        return 0;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }
    }

    private static string UsualConfig => OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "Montalegre", "agent.conf")
        : "/etc/montalegre/agent.conf";
}
