using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

internal static partial class ImageLog
{
    [LoggerMessage(2301, LogLevel.Information, "Image version {Image} is being copied to host {Host}: {Percent} %")]
    public static partial void Copying(this ILogger log, ImageVersionId image, HostId host, int percent);

    [LoggerMessage(2302, LogLevel.Information, "Image version {Image} ({Name} {Number}) is ready on all hosts that can be reached")]
    public static partial void Ready(this ILogger log, ImageVersionId image, string name, int number);

    [LoggerMessage(2303, LogLevel.Error, "Images could not be brought to host {Host}; it is tried again: {Error}")]
    public static partial void CopyFailed(this ILogger log, HostId host, string error);

    [LoggerMessage(2304, LogLevel.Error, "The image pass failed; it is repeated in {Pause}")]
    public static partial void PassFailed(this ILogger log, TimeSpan pause, Exception exception);

    [LoggerMessage(2305, LogLevel.Information, "Import {Import} of {Name} expired: nothing was added to it for a long time")]
    public static partial void ImportExpired(this ILogger log, Guid import, string name);

    [LoggerMessage(2306, LogLevel.Warning, "Import {Import} of {Name} failed: {Error}")]
    public static partial void ImportFailed(this ILogger log, Guid import, string name, string error);

    [LoggerMessage(2307, LogLevel.Information, "Image version {Image} of {Name} was imported from {Source}")]
    public static partial void Imported(this ILogger log, ImageVersionId image, string name, string source);

    [LoggerMessage(2308, LogLevel.Error, "The pass over imports failed; it is repeated in {Pause}")]
    public static partial void ImportPassFailed(this ILogger log, TimeSpan pause, Exception exception);

    [LoggerMessage(2309, LogLevel.Error, "The copy of image version {Image} on host {Host} is {State}; it is brought anew, and no machine is made from it meanwhile")]
    public static partial void CopyIsBad(this ILogger log, ImageVersionId image, HostId host, CopyState state);

    [LoggerMessage(2310, LogLevel.Information, "Retired image version {Image} left host {Host}; {FreedMiB} MiB are free")]
    public static partial void CopyFreed(this ILogger log, ImageVersionId image, HostId host, long freedMiB);

    [LoggerMessage(2311, LogLevel.Warning, "Retired image version {Image} could not be removed from host {Host}; it is tried again: {Error}")]
    public static partial void CopyNotFreed(this ILogger log, ImageVersionId image, HostId host, string error);

    [LoggerMessage(2312, LogLevel.Error, "The checks of images failed; they are repeated in {Pause}")]
    public static partial void CheckPassFailed(this ILogger log, TimeSpan pause, Exception exception);

    [LoggerMessage(2313, LogLevel.Warning, "The copy of image version {Image} on host {Host} could not be read; it is tried again: {Error}")]
    public static partial void CheckFailed(this ILogger log, ImageVersionId image, string host, string error);
}
