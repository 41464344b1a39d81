using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>Has the machines of hosts that cannot have a disk open any more made elsewhere. Repeated with every pass; each takes up what is left.</summary>
internal sealed class RecoverHosts(RecoveryStore store, EndSession end, ILogger<RecoverHosts> log)
{
    public async Task RunAsync(CancellationToken ct)
    {
        foreach (var host in await store.SilentAsync(ct))
        {
            if (HostRecovery.Decide(host.Facts) != RecoveryVerdict.MayStartElsewhere) continue;
            // Sessions first: the end of one plans what its machine would do where it is.
            foreach (var (session, machine) in host.Sessions) await end.RunAsync(new(session, SessionEnd.MachineStopped, "broker") { OnlyOn = machine });
            if (await store.LeaveAsync(host.Host) is var machines and > 0) log.MachinesLeave(host.Host, host.Name, machines);
        }
    }
}
