namespace Montalegre.Vdi.Domain;

/// <summary>What is known of a host that may be lost.</summary>
/// <param name="Answers">True when it answered the last time it was asked.</param>
/// <param name="SilentFor">How long it has not answered; null when it does, or was never heard.</param>
/// <param name="Fenced">Somebody confirmed that it is switched off.</param>
/// <param name="AgentsConnected">Agents of machines on it that still report: it runs, whatever the broker's own connection says.</param>
/// <param name="TakeoverAfter">Silence after which its shared storage has taken the host's locks away; null when nothing does.</param>
public sealed record HostFacts(bool Answers, TimeSpan? SilentFor, bool Fenced, int AgentsConnected, TimeSpan? TakeoverAfter);

/// <summary>What may be done with the machines of a host.</summary>
public enum RecoveryVerdict
{
    /// <summary>It answers, or has been silent for a moment only.</summary>
    NotLost,

    /// <summary>It is lost, and nothing but a person can know that it is off.</summary>
    WaitsForConfirmation,

    /// <summary>It is lost, and its storage will take its locks away.</summary>
    WaitsForStorage,

    /// <summary>It cannot have a disk open: its machines may start elsewhere.</summary>
    MayStartElsewhere,
}

/// <summary>Decides when machines of a silent host may start elsewhere: only once that host cannot have their disks open.</summary>
public static class HostRecovery
{
    /// <summary>A host that was silent for so long is called lost; less may be a daemon that is restarted.</summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(30);

    /// <summary>The verdict on one host.</summary>
    public static RecoveryVerdict Decide(HostFacts facts) => facts switch
    {
        { Answers: true } => RecoveryVerdict.NotLost,
        { Fenced: true } => RecoveryVerdict.MayStartElsewhere,
        { SilentFor: null } => RecoveryVerdict.NotLost,
        { SilentFor: { } silent } when silent < LostAfter => RecoveryVerdict.NotLost,
        { AgentsConnected: > 0 } => RecoveryVerdict.WaitsForConfirmation,
        { SilentFor: { } silent, TakeoverAfter: { } after } => silent >= after ? RecoveryVerdict.MayStartElsewhere : RecoveryVerdict.WaitsForStorage,
        _ => RecoveryVerdict.WaitsForConfirmation,
    };

    /// <summary>Why the confirmation that a host is off cannot be right; null when it can.</summary>
    public static RefusalReason? WhyNotFenced(HostFacts facts) => facts switch
    {
        { Answers: true } or { AgentsConnected: > 0 } => RefusalReason.HostNotLost,
        _ => null,
    };
}
