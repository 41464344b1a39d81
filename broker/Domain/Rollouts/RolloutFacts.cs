namespace Montalegre.Vdi.Domain;

/// <summary>How the synthetic log-on to a machine's present overlay stands.</summary>
public abstract record Probe
{
    private Probe() { }

    /// <summary>Nobody was asked yet, or who was asked got lost with a gateway or broker.</summary>
    public sealed record None(int Lost = 0) : Probe;

    /// <summary>A gateway was asked, or is at it.</summary>
    public sealed record Running : Probe;

    /// <summary>The desktop was seen; the log-on took that long, null when the machine did not tell.</summary>
    public sealed record Passed(TimeSpan? LogOn) : Probe;

    /// <summary>No desktop came.</summary>
    public sealed record Failed(RefusalReason Reason) : Probe;
}

/// <summary>What went wrong in making a machine from the new version.</summary>
public sealed record RolloutFailure(RefusalReason Reason, string Detail);

/// <summary>A machine as a roll-out sees it.</summary>
/// <param name="Machine">Which.</param>
/// <param name="State">What it is good for.</param>
/// <param name="OnNew">Its overlay is made from the new version.</param>
public sealed record RolloutMachine(MachineId Machine, MachineState State, bool OnNew)
{
    /// <summary>It proves the new version and is kept from people.</summary>
    public bool Canary { get; init; }

    /// <summary>A session is open on it, also a synthetic one.</summary>
    public bool Occupied { get; init; }

    /// <summary>Somebody's own for good: what is on it is theirs, and no roll-out touches it.</summary>
    public bool Assigned { get; init; }

    /// <summary>IT lets nobody new on it, so it is not ready for the next person.</summary>
    public bool Draining { get; init; }

    /// <summary>Somebody, or the synthetic log-on, has used its overlay.</summary>
    public bool Used { get; init; }

    /// <summary>Set when it could not be made from the new version.</summary>
    public RolloutFailure? Failure { get; init; }

    /// <summary>The synthetic log-on; it stays passed when the machine was made fresh after it.</summary>
    public Probe Probe { get; init; } = new Probe.None();

    /// <summary>Of a machine that people share, the seats that nobody has; null for one that is one person's.</summary>
    public int? FreeSeats { get; init; }

    /// <summary>It is drained because of the roll-out, so that it becomes empty and can change.</summary>
    public bool Emptying { get; init; }

    /// <summary>Can be handed out now; a shared one also while there are people on it.</summary>
    public bool Ready => !Draining && !Assigned && State switch
    {
        MachineState.Available => true,
        MachineState.Reserved or MachineState.InUse => FreeSeats > 0 && !Canary,
        _ => false,
    };
}

/// <summary>What there is to know of a force by a deadline.</summary>
public enum ForceStage { None, Warn, Due }

/// <summary>Everything that one step of a roll-out is decided from.</summary>
/// <param name="State">How far it is.</param>
/// <param name="Canaries">Machines that prove the new version.</param>
/// <param name="WavePercent">Share of the machines that change at the same time.</param>
/// <param name="KeepReady">Ready machines that must always be left.</param>
/// <param name="Machines">The pool's machines, without adopted ones and those being deleted.</param>
public sealed record RolloutFacts(RolloutState State, int Canaries, int WavePercent, int KeepReady, IReadOnlyList<RolloutMachine> Machines)
{
    /// <summary>Log-ons on the old version; null where there are none to compare with.</summary>
    public TimeSpan? OldLogOn { get; init; }

    /// <summary>By how many percent a log-on may be slower.</summary>
    public int SlowdownPercent { get; init; } = 50;

    /// <summary>Whether any gateway is there to log on through.</summary>
    public bool GatewayThere { get; init; } = true;

    /// <summary>Whether people are to be warned, or their sessions ended.</summary>
    public ForceStage Force { get; init; }
}

/// <summary>What to do now. All parts may be empty: then something is waited for.</summary>
public sealed record RolloutStep
{
    /// <summary>The state from now on; null: stays.</summary>
    public RolloutState? Next { get; init; }

    /// <summary>Why it stops and goes back; set with <see cref="Next"/> = <see cref="RolloutState.RollingBack"/>.</summary>
    public RolloutFailure? Halt { get; init; }

    /// <summary>Free machines that prove the new version from now on.</summary>
    public IReadOnlyList<MachineId> NewCanaries { get; init; } = [];

    /// <summary>Machines that get a fresh overlay now, of the version that is wanted of them.</summary>
    public IReadOnlyList<MachineId> Refresh { get; init; } = [];

    /// <summary>Shared machines that take nobody new from now on, so that they become empty and can change.</summary>
    public IReadOnlyList<MachineId> Empty { get; init; } = [];

    /// <summary>Canaries that somebody synthetic should log on to.</summary>
    public IReadOnlyList<MachineId> Ask { get; init; } = [];

    /// <summary>Machines whose sessions end because the deadline has come.</summary>
    public IReadOnlyList<MachineId> Force { get; init; } = [];

    /// <summary>People still on the old version are told of the deadline.</summary>
    public bool Warn { get; init; }

    /// <summary>What is waited for, if a person should know.</summary>
    public RefusalReason? Waiting { get; init; }
}
