using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>Restarts a computer that is not ours to power: its agent does it. Sessions end when the agent says so.</summary>
internal sealed class RestartManualMachine(AgentDirectory agents, AuditStore audit)
{
    /// <summary>Null when the agent accepted; else why not.</summary>
    public async Task<RefusalReason?> RunAsync(MachineId machine, string name, Caller caller, CancellationToken ct)
    {
        var outcome = await agents.SendAsync(machine, new Command { Restart = new Restart() }, TimeSpan.FromSeconds(5), ct);
        RefusalReason? reason = outcome switch
        {
            CommandOutcome.Ok => null,
            CommandOutcome.Refused => RefusalReason.NotSupported,
            _ => RefusalReason.AgentSilent,
        };
        await audit.AppendAsync(new(caller.UserName, "machine.restart", "machine", machine.Value, name, reason?.ToString() ?? "ok", caller.SourceAddress));
        return reason;
    }
}
