using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Joining;
using Montalegre.Vdi.Agent.Registration;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// A machine that is booted only to be saved: it waits until it was, notices by its clocks that it goes on, and becomes whoever the
/// firmware says by then. Nothing secret is drawn before that, and the agent begins anew after it.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class RunningState(IGuest guest, AgentOptions options, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(200), Seldom = TimeSpan.FromSeconds(30);

    /// <summary>True when this machine is to be saved, and is nobody yet.</summary>
    public bool IsOne => !File.Exists(NewMachine.TableFile(options)) && File.Exists(options.DmiTable)
        && SmbiosStrings.AllOemStrings(File.ReadAllBytes(options.DmiTable)).Contains(RunningStateMark.OemString);

    /// <summary>Returns when the machine has become another one.</summary>
    public async Task UntilSomebodyAsync(CancellationToken ct)
    {
        await guest.WaitForRdpServerAsync(ct);
        for (var problem = await NewMachine.PrepareAsync(ct); problem is not null; problem = await NewMachine.PrepareAsync(ct))
        {
            log.NoRunningState(problem);
            await Task.Delay(Seldom, time, ct);
        }
        var standStill = new StandStill(guest, time, log);
        standStill.Look();
        log.ReadyToBeSaved(RunningStateMark.ReadyLine);
        var machine = new NewMachine(options);
        using var tick = new PeriodicTimer(Often, time);
        while (true)
        {
            await tick.WaitForNextTickAsync(ct);
            if (!standStill.Look()) continue;
            if (await machine.ReadTableAsync(ct) is not { } table)
            {
                log.StillNobody();
                continue;
            }
            log.IsNewMachine(SmbiosStrings.SystemUuid(table));
            if (await machine.BecomeAsync(table, ct) is not { } problem) return;
            log.NotANewMachine(problem);   // the broker waits for an agent in vain, and boots it
        }
    }
}
