using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

internal static partial class ProvisioningLog
{
    [LoggerMessage(2201, LogLevel.Information, "Pool {Pool} gets machine {Machine} ({Name})")]
    public static partial void MachineWanted(this ILogger log, PoolId pool, MachineId machine, string name);

    [LoggerMessage(2202, LogLevel.Information, "Machine {Machine} is let go")]
    public static partial void MachineUnwanted(this ILogger log, MachineId machine);

    [LoggerMessage(2203, LogLevel.Debug, "Machine {Machine}: {Kind} takes step {Step}")]
    public static partial void StepTaken(this ILogger log, MachineId machine, OperationKind kind, OperationStep step);

    [LoggerMessage(2204, LogLevel.Warning, "Machine {Machine}: {Kind} failed at step {Step}, attempt {Attempt}: {Error}")]
    public static partial void StepFailed(this ILogger log, MachineId machine, OperationKind kind, OperationStep step, int attempt, string error);

    [LoggerMessage(2205, LogLevel.Error, "The provisioning pass failed; it is repeated in {Pause}")]
    public static partial void PassFailed(this ILogger log, TimeSpan pause, Exception exception);

    [LoggerMessage(2206, LogLevel.Warning, "Host {Host} has domain {Domain} of this installation without a record; it is removed")]
    public static partial void OrphanRemoved(this ILogger log, HostId host, string domain);

    [LoggerMessage(2207, LogLevel.Warning, "Machine {Machine} has no domain on its host any more; it is made anew")]
    public static partial void DomainMissing(this ILogger log, MachineId machine);

    [LoggerMessage(2208, LogLevel.Warning, "Machine {Machine} was found powered off; it is started")]
    public static partial void FoundOff(this ILogger log, MachineId machine);

    [LoggerMessage(2209, LogLevel.Warning, "Host {Host} cannot be read: {Error}")]
    public static partial void HostUnreadable(this ILogger log, HostId host, string error);

    [LoggerMessage(2210, LogLevel.Error, "Machine {Machine} is faulted after {Attempts} attempts: {Error}")]
    public static partial void MachineFaulted(this ILogger log, MachineId machine, int attempts, string error);

    [LoggerMessage(2212, LogLevel.Warning, "No host takes another machine of pool {Pool}: {Reason} ({Hosts})")]
    public static partial void NoHostFits(this ILogger log, PoolId pool, RefusalReason reason, string hosts);

    [LoggerMessage(2215, LogLevel.Warning, "Host {Host} ({Name}) is lost; {Machines} of its machines leave it")]
    public static partial void MachinesLeave(this ILogger log, HostId host, string name, int machines);

    [LoggerMessage(2216, LogLevel.Warning, "Machine {Machine} is elsewhere; what host {Host} still had of it is removed")]
    public static partial void StrayRemoved(this ILogger log, MachineId machine, HostId host);

    [LoggerMessage(2211, LogLevel.Warning, "The list of hosts cannot be read: {Error}")]
    public static partial void HostsUnread(this ILogger log, string error);

    [LoggerMessage(2213, LogLevel.Information, "Machine {Machine} is put to sleep by its pool's schedule")]
    public static partial void MachinePutToSleep(this ILogger log, MachineId machine);

    [LoggerMessage(2214, LogLevel.Information, "Machine {Machine} is woken")]
    public static partial void MachineWoken(this ILogger log, MachineId machine);

    [LoggerMessage(2220, LogLevel.Information, "{Computers} sleeping computers are woken by packets")]
    public static partial void ComputersWoken(this ILogger log, int computers);

    [LoggerMessage(2221, LogLevel.Warning, "Machine {Machine} stands still: its move to another host was cut off; it is finished or undone")]
    public static partial void FoundHalfMoved(this ILogger log, MachineId machine);

    [LoggerMessage(2217, LogLevel.Information, "Host {Host} has a running state of image {Image} after {Seconds:0.0} s")]
    public static partial void StateReady(this ILogger log, HostId host, Guid image, double seconds);

    [LoggerMessage(2218, LogLevel.Warning, "Host {Host} has no running state of image {Image}; its machines boot: {Error}")]
    public static partial void StateFailed(this ILogger log, HostId host, Guid image, string error);

    [LoggerMessage(2219, LogLevel.Warning, "Running states could not be looked after: {Error}")]
    public static partial void StatesNotKept(this ILogger log, string error);
}
