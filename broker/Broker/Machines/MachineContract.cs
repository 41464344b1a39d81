using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using DomainState = Montalegre.Vdi.Domain.MachineState;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>Rows of this slice as the public contract says them.</summary>
internal static class MachineContract
{
    public static Machine From(MachineRow row)
    {
        var machine = new Machine
        {
            MachineId = row.MachineId.ToString(), Name = row.Name, PoolId = row.PoolId.ToString(), PoolName = row.PoolName,
            State = SqlText.Parse<DomainState>(row.State) switch
            {
                DomainState.Provisioning => MachineState.Provisioning,
                DomainState.Available => MachineState.Available,
                DomainState.Reserved => MachineState.Reserved,
                DomainState.InUse => MachineState.InUse,
                DomainState.Unreachable => MachineState.Unreachable,
                DomainState.Faulted => MachineState.Faulted,
                DomainState.Asleep => MachineState.Asleep,
                _ => MachineState.Deleting,
            },
            Power = row.Power switch { "on" => PowerState.On, "off" => PowerState.Off, _ => PowerState.Unknown },
            Draining = row.Draining, Manual = row.Manual, AgentConnected = row.AgentConnected, AgentVersion = row.AgentVersion ?? "",
            OperatingSystem = row.OperatingSystem ?? "", Address = row.Address is null ? "" : $"{row.Address}:{row.Port}", HostName = row.HostName ?? "",
            SessionId = row.SessionId?.ToString() ?? "", UserName = row.UserName ?? "", Step = row.Step ?? "", Error = row.Error ?? "",
            StateSince = Utc(row.StateSince), AssignedUser = row.AssignedUser ?? "", Orphaned = row.Orphaned,
            Seats = (uint)row.Seats, People = (uint)row.People,
        };
        if (row.SeenAt is { } seen) machine.AgentSeenAt = Utc(seen);
        return machine;
    }

    public static Operation From(OperationRow row)
    {
        var operation = new Operation
        {
            OperationId = row.OperationId.ToString(), Kind = row.Kind, Step = row.Step, State = row.State, Attempts = (uint)row.Attempts,
            Error = row.Error ?? "", StartedAt = Utc(row.StartedAt),
        };
        if (row.EndedAt is { } ended) operation.EndedAt = Utc(ended);
        return operation;
    }

    private static Timestamp Utc(DateTime at) => Timestamp.FromDateTime(DateTime.SpecifyKind(at, DateTimeKind.Utc));
}
