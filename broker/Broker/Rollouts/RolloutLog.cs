using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>Log messages of roll-outs: 4700 to 4799.</summary>
internal static partial class RolloutLog
{
    [LoggerMessage(4701, LogLevel.Information, "Roll-out {Rollout} of pool {Pool} is {State}")]
    public static partial void RolloutIs(this ILogger log, RolloutId rollout, string pool, RolloutState state);

    [LoggerMessage(4702, LogLevel.Warning, "Roll-out {Rollout} of pool {Pool} stops and goes back: {Reason} {Detail}")]
    public static partial void RolloutHalted(this ILogger log, RolloutId rollout, string pool, RefusalReason reason, string detail);

    [LoggerMessage(4703, LogLevel.Information, "Machine {Machine} proves roll-out {Rollout}")]
    public static partial void CanaryChosen(this ILogger log, RolloutId rollout, MachineId machine);

    [LoggerMessage(4704, LogLevel.Information, "Synthetic log-on {Probe} is {State}")]
    public static partial void ProbeOver(this ILogger log, ProbeId probe, string state);

    [LoggerMessage(4705, LogLevel.Warning, "Roll-out {Rollout} ended session {Session} at its deadline")]
    public static partial void SessionForced(this ILogger log, RolloutId rollout, SessionId session);

    [LoggerMessage(4706, LogLevel.Warning, "Roll-out {Rollout} could not warn session {Session}: {Reason}")]
    public static partial void NotWarned(this ILogger log, RolloutId rollout, SessionId session, RefusalReason reason);

    [LoggerMessage(4707, LogLevel.Error, "A pass over roll-outs failed; it is repeated in {Pause}")]
    public static partial void PassFailed(this ILogger log, TimeSpan pause, Exception exception);
}
