using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

internal static partial class ImageLog
{
    [LoggerMessage(2301, LogLevel.Information, "Image version {Image} is being copied to host {Host}: {Percent} %")]
    public static partial void Copying(this ILogger log, ImageVersionId image, HostId host, int percent);

    [LoggerMessage(2302, LogLevel.Information, "Image version {Image} ({Name} {Number}) is ready on all hosts")]
    public static partial void Ready(this ILogger log, ImageVersionId image, string name, int number);

    [LoggerMessage(2303, LogLevel.Error, "Image version {Image} could not be copied; it is tried again")]
    public static partial void CopyFailed(this ILogger log, ImageVersionId image, Exception exception);

    [LoggerMessage(2304, LogLevel.Error, "The image pass failed; it is repeated in {Pause}")]
    public static partial void PassFailed(this ILogger log, TimeSpan pause, Exception exception);
}
