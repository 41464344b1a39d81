using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>Log messages of agents: 4000 to 4099.</summary>
internal static partial class AgentLog
{
    [LoggerMessage(4001, LogLevel.Information, "Agent of machine {Machine} connected from {Address}, version {Version}; the machine is now {State}")]
    public static partial void AgentConnected(this ILogger log, MachineId machine, string address, string version, string state);

    [LoggerMessage(4002, LogLevel.Information, "Agent of machine {Machine} left")]
    public static partial void AgentLeft(this ILogger log, MachineId machine);

    [LoggerMessage(4003, LogLevel.Warning, "Machine {Machine} is unreachable: its agent has been silent for {Silence}")]
    public static partial void MachineUnreachable(this ILogger log, MachineId machine, TimeSpan silence);

    [LoggerMessage(4004, LogLevel.Warning, "Stream of machine {Machine} cut: {Reason}")]
    public static partial void StreamCut(this ILogger log, MachineId machine, string reason);

    [LoggerMessage(4005, LogLevel.Error, "One certificate of machine {Machine} was seen from {First} and {Second}; both are quarantined")]
    public static partial void DuplicateIdentity(this ILogger log, MachineId machine, string first, string second);

    [LoggerMessage(4006, LogLevel.Information, "Machine {Machine} joined from {Address}")]
    public static partial void MachineJoined(this ILogger log, MachineId machine, string address);

    [LoggerMessage(4007, LogLevel.Warning, "A machine's join from {Address} was refused")]
    public static partial void JoinRefused(this ILogger log, string address);

    [LoggerMessage(4008, LogLevel.Error, "Watching agents failed, tried again in {Interval}")]
    public static partial void WatchFailed(this ILogger log, TimeSpan interval, Exception error);

    [LoggerMessage(4009, LogLevel.Warning, "Agents of a stopped broker node did not come back: {Machines} machines are unreachable")]
    public static partial void AgentsOfStoppedNode(this ILogger log, int machines);
}
