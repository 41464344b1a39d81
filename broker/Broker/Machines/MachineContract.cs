using System.Net;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using RefusalReason = Montalegre.Vdi.Domain.RefusalReason;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using DomainState = Montalegre.Vdi.Domain.MachineState;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>Rows of this slice as the public contract says them.</summary>
internal static class MachineContract
{
    public static Machine From(MachineRow row)
    {
        var machine = new Machine
        {
            MachineId = row.MachineId.ToString(), Name = row.Name, PoolId = row.PoolId.ToString(), PoolName = row.PoolName, SiteName = row.SiteName ?? "",
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
            StateSince = Utc(row.StateSince), AssignedUser = row.AssignedUser ?? "", Orphaned = row.Orphaned, Wakeable = row.Wakeable,
            Seats = (uint)row.Seats, People = (uint)row.People,
        };
        if (row.SeenAt is { } seen) machine.AgentSeenAt = Utc(seen);
        return machine;
    }

    public static Contract.WakeAddress From(Power.WakeAddress address) => new() { Mac = address.Mac, Broadcast = address.Broadcast ?? "", Port = (uint)address.Port, Learned = address.Learned };

    /// <exception cref="RpcException">One of the fields is none.</exception>
    public static Power.WakeAddress Read(Contract.WakeAddress address, int n)
    {
        if (Power.WakeAddress.Parse(address.Mac) is not { } mac) throw Refusal.Refused(RefusalReason.InvalidField, $"addresses[{n}].mac: six bytes, for example 00:11:22:33:44:55");
        if (address.Broadcast is not "" && !(IPAddress.TryParse(address.Broadcast, out var ip) && ip.AddressFamily == AddressFamily.InterNetwork)) throw Refusal.Refused(RefusalReason.InvalidField, $"addresses[{n}].broadcast: the IPv4 broadcast address of its subnet, for example 10.1.2.255, or nothing");
        if (address.Port > 65535) throw Refusal.Refused(RefusalReason.InvalidField, $"addresses[{n}].port: 1 to 65535");
        return new(Power.WakeAddress.Show(mac), address.Broadcast is "" ? null : address.Broadcast, address.Port == 0 ? Power.WakeAddress.UsualPort : (int)address.Port, Learned: false);
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
