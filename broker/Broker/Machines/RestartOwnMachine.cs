using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>Restarts the machine under a person's own session, as IT would, unless others work on it too.</summary>
internal sealed class RestartOwnMachine(SessionOrder order, MachineStore machines, RestartManualMachine restartManual, TimeProvider time)
{
    /// <summary>Null when the restart was begun; the session is over then.</summary>
    public async Task<RefusalReason?> RunAsync(SessionId id, Caller caller, CancellationToken ct)
    {
        var (session, refused) = await order.FindAsync(id, new(caller.UserName, caller.SourceAddress, caller.User), ct);
        if (session is null) return refused;
        var machine = (await machines.SomeAsync([session.MachineId], PoolScope.Everything, ct)).SingleOrDefault();
        if (machine is null) return RefusalReason.NotFound;
        if (machine.People > 1) return RefusalReason.NotSupported;
        if (machine.Manual) return await restartManual.RunAsync(new(session.MachineId), machine.Name, caller, ct);
        return await machines.StartOverAsync(new(session.MachineId), OperationKind.Restart, new(Guid.CreateVersion7(time.GetUtcNow())), caller.UserName, caller.SourceAddress)
            ? null : RefusalReason.NotFound;
    }
}
