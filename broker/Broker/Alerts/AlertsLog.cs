namespace Montalegre.Vdi.Broker.Alerts;

internal static partial class AlertsLog
{
    [LoggerMessage(5001, LogLevel.Warning, "{Count} alerts opened; montalegre alerts list")]
    public static partial void Opened(this ILogger log, int count);

    [LoggerMessage(5002, LogLevel.Information, "{Count} alerts resolved")]
    public static partial void Resolved(this ILogger log, int count);

    [LoggerMessage(5003, LogLevel.Error, "It was not looked for alerts; trying again in {Pause}")]
    public static partial void PassFailed(this ILogger log, TimeSpan pause, Exception e);

    [LoggerMessage(5004, LogLevel.Warning, "This node could not say that it lives; trying again in {Pause}")]
    public static partial void BeatFailed(this ILogger log, TimeSpan pause, Exception e);

    [LoggerMessage(5005, LogLevel.Information, "Message {Delivery} about {Count} alerts was sent to {Channel}")]
    public static partial void Sent(this ILogger log, Guid delivery, int count, string channel);

    [LoggerMessage(5006, LogLevel.Warning, "Message {Delivery} was sent to some of {Channel} only: {Refused}")]
    public static partial void PartlySent(this ILogger log, Guid delivery, string channel, string refused);

    [LoggerMessage(5007, LogLevel.Warning, "Message {Delivery} could not be sent to {Channel}, tried again in {Pause}: {Problem}")]
    public static partial void NotSent(this ILogger log, Guid delivery, string channel, TimeSpan pause, string problem);

    [LoggerMessage(5008, LogLevel.Error, "Message {Delivery} to {Channel} was given up, it is too old: {Problem}")]
    public static partial void GivenUp(this ILogger log, Guid delivery, string channel, string problem);

    [LoggerMessage(5009, LogLevel.Error, "Messages about alerts were not sent; trying again in {Pause}")]
    public static partial void DeliveryFailed(this ILogger log, TimeSpan pause, Exception e);
}
