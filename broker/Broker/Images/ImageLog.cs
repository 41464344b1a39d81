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
}
