using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hypervisors;

internal static partial class HypervisorLog
{
    [LoggerMessage(2800, LogLevel.Information, "Host {Host} is connected: {Cpus} CPUs, {FreeMiB} MiB free, {Kind}")]
    public static partial void HostConnected(this ILogger log, string host, int cpus, long freeMiB, string kind);

    [LoggerMessage(2801, LogLevel.Warning, "Host {Host} lost its connection: {Reason}")]
    public static partial void HostDisconnected(this ILogger log, string host, string reason);

    [LoggerMessage(2802, LogLevel.Information, "Image {Image} is on host {Host} after {Seconds:0.0} s")]
    public static partial void ImageUploaded(this ILogger log, ImageVersionId image, string host, double seconds);

    [LoggerMessage(2803, LogLevel.Information, "Machine {Machine} is defined on host {Host}, overlay {Generation}")]
    public static partial void MachineDefined(this ILogger log, MachineId machine, string host, int generation);

    [LoggerMessage(2804, LogLevel.Information, "Machine {Machine} is deleted from host {Host}")]
    public static partial void MachineDeleted(this ILogger log, MachineId machine, string host);

    [LoggerMessage(2805, LogLevel.Warning, "Host {Host} cannot use KVM and will be slow: {Reason}")]
    public static partial void KvmUnusable(this ILogger log, string host, string reason);

    [LoggerMessage(2806, LogLevel.Warning, "Host {Host} cannot be reached and is tried again, ever more seldom: {Reason}")]
    public static partial void HostUnreachable(this ILogger log, string host, string reason);

    [LoggerMessage(2808, LogLevel.Information, "Machine {Machine} moved from host {From} to host {To} while it ran")]
    public static partial void MachineMoved(this ILogger log, MachineId machine, string from, string to);

    [LoggerMessage(2809, LogLevel.Information, "How full the storage of host {Host} is could not be read: {Reason}")]
    public static partial void StorageNotRead(this ILogger log, string host, string reason);

    [LoggerMessage(2807, LogLevel.Information, "Machine {Machine} on host {Host} is let go; its domain and disks stay")]
    public static partial void MachineLetGo(this ILogger log, MachineId machine, string host);
}
