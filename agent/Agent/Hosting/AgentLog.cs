using Microsoft.Extensions.Logging;

namespace Montalegre.Vdi.Agent.Hosting;

internal static partial class AgentLog
{
    [LoggerMessage(5001, LogLevel.Information, "Agent {Version} starts on {OperatingSystem}")]
    public static partial void Starting(this ILogger log, string version, string operatingSystem);

    [LoggerMessage(5002, LogLevel.Warning, "{Problem}")]
    public static partial void SettingIgnored(this ILogger log, string problem);

    [LoggerMessage(5010, LogLevel.Warning, "There is no join document in the firmware or in {File}; looking again in {Wait}")]
    public static partial void NoJoinDocument(this ILogger log, string file, TimeSpan wait);

    [LoggerMessage(5011, LogLevel.Warning, "The join document in {Source} cannot be used: {Problem}")]
    public static partial void BadJoinDocument(this ILogger log, string source, string problem);

    [LoggerMessage(5012, LogLevel.Information, "Joined as machine {Machine}; the certificate is good until {NotAfter}")]
    public static partial void Joined(this ILogger log, string machine, DateTimeOffset notAfter);

    [LoggerMessage(5013, LogLevel.Warning, "The broker at {Address} refused to let this machine join: {Reason}; trying again in {Wait}")]
    public static partial void JoinRefused(this ILogger log, Uri address, string reason, TimeSpan wait);

    [LoggerMessage(5014, LogLevel.Information, "The certificate was renewed until {NotAfter}")]
    public static partial void Renewed(this ILogger log, DateTimeOffset notAfter);

    [LoggerMessage(5015, LogLevel.Warning, "The certificate could not be renewed; trying again in {Wait}")]
    public static partial void RenewalFailed(this ILogger log, TimeSpan wait, Exception exception);

    [LoggerMessage(5020, LogLevel.Information, "Connected to the broker at {Address}; heartbeat every {Period}")]
    public static partial void Connected(this ILogger log, Uri address, TimeSpan period);

    [LoggerMessage(5021, LogLevel.Warning, "No connection to the broker at {Address}: {Reason}; trying again in {Wait}")]
    public static partial void ConnectionLost(this ILogger log, Uri address, string reason, TimeSpan wait);

    [LoggerMessage(5022, LogLevel.Information, "Waiting for the RDP server to listen on port {Port}")]
    public static partial void WaitingForRdp(this ILogger log, int port);

    [LoggerMessage(5023, LogLevel.Information, "The machine stood still for {Time}; connecting anew")]
    public static partial void StoodStill(this ILogger log, TimeSpan time);

    [LoggerMessage(5024, LogLevel.Information, "The machine stood still; its clock was set forward by {Time}")]
    public static partial void ClockAdvanced(this ILogger log, TimeSpan time);

    [LoggerMessage(5025, LogLevel.Warning, "The machine stood still and its clock is behind by {Time}, but could not be set: {Problem}")]
    public static partial void ClockNotSet(this ILogger log, TimeSpan time, string problem);

    [LoggerMessage(5030, LogLevel.Information, "Command {Command} {Kind} done; trace {Trace}")]
    public static partial void CommandDone(this ILogger log, string command, string kind, string trace);

    [LoggerMessage(5031, LogLevel.Warning, "Command {Command} {Kind} refused: {Error}")]
    public static partial void CommandRefused(this ILogger log, string command, string kind, string error);

    [LoggerMessage(5032, LogLevel.Error, "Command {Command} {Kind} failed")]
    public static partial void CommandFailed(this ILogger log, string command, string kind, Exception exception);

    [LoggerMessage(5040, LogLevel.Information, "Session {GuestSession} of {User} is {State}")]
    public static partial void SessionIs(this ILogger log, string guestSession, string user, string state);

    [LoggerMessage(5041, LogLevel.Information, "Session {GuestSession} of {User} ended")]
    public static partial void SessionEnded(this ILogger log, string guestSession, string user);

    [LoggerMessage(5042, LogLevel.Warning, "Sessions could not be read; trying again")]
    public static partial void SessionsUnreadable(this ILogger log, Exception exception);

    [LoggerMessage(5043, LogLevel.Warning, "The locker of session {GuestSession} ended by itself: {Outcome}")]
    public static partial void LockerEnded(this ILogger log, string guestSession, string outcome);

    [LoggerMessage(5050, LogLevel.Information, "One-time sign-in of {User} accepted")]
    public static partial void SignInAccepted(this ILogger log, string user);

    [LoggerMessage(5051, LogLevel.Warning, "A PAM connection was dropped: {Reason}")]
    public static partial void PamPeerDropped(this ILogger log, string reason);

    [LoggerMessage(5052, LogLevel.Warning, "The logon phases of {User} could not be followed")]
    public static partial void PhasesUnknown(this ILogger log, string user, Exception exception);

    [LoggerMessage(5030, LogLevel.Information, "{ReadyLine}")]
    public static partial void ReadyToBeSaved(this ILogger log, string readyLine);

    [LoggerMessage(5031, LogLevel.Information, "Started from a running state as machine {Uuid}; identity and keys are made anew")]
    public static partial void IsNewMachine(this ILogger log, string uuid);

    [LoggerMessage(5032, LogLevel.Warning, "Stood still, but the firmware names no machine yet")]
    public static partial void StillNobody(this ILogger log);

    [LoggerMessage(5033, LogLevel.Error, "This machine cannot be a running state: {Problem}")]
    public static partial void NoRunningState(this ILogger log, string problem);

    [LoggerMessage(5034, LogLevel.Error, "The machine cannot be told from the one it was saved from: {Problem}")]
    public static partial void NotANewMachine(this ILogger log, string problem);
}
