using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>Log messages of gateways: 4100 to 4199.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(4101, LogLevel.Warning, "Ticket from {Client} at gateway {Gateway} refused: {Reason}")]
    public static partial void TicketRefused(this ILogger log, GatewayId gateway, string client, string reason);

    [LoggerMessage(4102, LogLevel.Error, "Too many wrong tickets from {Client} at gateway {Gateway}; it is not answered for a minute")]
    public static partial void TooManyWrongTickets(this ILogger log, GatewayId gateway, string client);

    [LoggerMessage(4103, LogLevel.Warning, "Sign-in on machine {Machine} was not prepared: {Outcome}")]
    public static partial void SignInNotPrepared(this ILogger log, MachineId machine, CommandOutcome outcome);

    [LoggerMessage(4104, LogLevel.Information, "Gateway {Gateway} connected from {Address}")]
    public static partial void GatewayConnected(this ILogger log, GatewayId gateway, string address);

    [LoggerMessage(4105, LogLevel.Warning, "Gateway {Gateway} left")]
    public static partial void GatewayLeft(this ILogger log, GatewayId gateway);

    [LoggerMessage(4106, LogLevel.Warning, "Gateway {Gateway} came back without {Connections} connections; they are closed")]
    public static partial void ConnectionsLost(this ILogger log, GatewayId gateway, int connections);

    [LoggerMessage(4107, LogLevel.Information, "Gateway {Gateway} joined from {Address}")]
    public static partial void GatewayJoined(this ILogger log, GatewayId gateway, string address);

    [LoggerMessage(4108, LogLevel.Warning, "A gateway's join from {Address} was refused")]
    public static partial void GatewayJoinRefused(this ILogger log, string address);

    [LoggerMessage(4110, LogLevel.Information, "Gateway {Gateway} makes synthetic log-on {Probe}")]
    public static partial void ProbeOrdered(this ILogger log, ProbeId probe, GatewayId gateway);

    [LoggerMessage(4111, LogLevel.Error, "Ordering synthetic log-ons failed, tried again in {Interval}")]
    public static partial void OrderingProbesFailed(this ILogger log, TimeSpan interval, Exception error);

    [LoggerMessage(4109, LogLevel.Error, "Sweeping tickets and connections failed, tried again in {Interval}")]
    public static partial void SweepFailed(this ILogger log, TimeSpan interval, Exception error);
}
