using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>Log messages of assistances: 4700 to 4799.</summary>
internal static partial class AssistanceLog
{
    [LoggerMessage(4701, LogLevel.Information, "{Administrator} asks to assist in session {Session}, control: {Control}; outcome {Outcome}")]
    public static partial void AssistanceAsked(this ILogger log, string administrator, SessionId session, bool control, string outcome);

    [LoggerMessage(4702, LogLevel.Information, "The question of assistance {Assistance} was answered, granted: {Granted}")]
    public static partial void AssistanceAnswered(this ILogger log, AssistanceId assistance, bool granted);

    [LoggerMessage(4703, LogLevel.Information, "Assistance {Assistance} is shown at gateway {Gateway}, to {Client}")]
    public static partial void AssistanceOpened(this ILogger log, Guid assistance, GatewayId gateway, string client);

    [LoggerMessage(4704, LogLevel.Warning, "Assistance ticket from {Client} at gateway {Gateway} refused: {Reason}")]
    public static partial void AssistanceTicketRefused(this ILogger log, GatewayId gateway, string client, string reason);

    [LoggerMessage(4705, LogLevel.Information, "{Count} assistances are over: time, sign-in, right, session or connection")]
    public static partial void AssistancesOver(this ILogger log, int count);

    [LoggerMessage(4706, LogLevel.Error, "Comparing open assistances failed, tried again in {Interval}")]
    public static partial void ComparingFailed(this ILogger log, TimeSpan interval, Exception error);
}
