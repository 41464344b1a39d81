namespace Montalegre.Vdi.Domain;

/// <summary>What is being done to a machine.</summary>
public enum OperationKind { Provision, Refresh, Restart, Delete, Sleep, Wake, Move }

/// <summary>One idempotent step of an operation. Each can be killed and taken again.</summary>
public enum OperationStep { Stop, Overlay, Define, Start, AwaitAgent, Remove, ShutDown, Place, MoveLive, Save, Restore, MagicPacket }

/// <summary>Which steps an operation takes, how long each may last, and when to try again.</summary>
public static class OperationPlan
{
    /// <summary>Attempts before a machine is called faulted.</summary>
    public const int MostAttempts = 4;

    /// <summary>The steps in order.</summary>
    public static IReadOnlyList<OperationStep> Steps(OperationKind kind) => kind switch
    {
        OperationKind.Provision or OperationKind.Refresh =>
            [OperationStep.Stop, OperationStep.Overlay, OperationStep.Define, OperationStep.Start, OperationStep.AwaitAgent],
        // Defined anew for a fresh join token: power lost right after the first join may have taken the agent's identity along.
        OperationKind.Restart or OperationKind.Wake => [OperationStep.Stop, OperationStep.Define, OperationStep.Start, OperationStep.AwaitAgent],
        OperationKind.Delete => [OperationStep.Stop, OperationStep.Remove],
        OperationKind.Move => [OperationStep.MoveLive],
        OperationKind.Sleep => [OperationStep.ShutDown, OperationStep.Stop],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no steps"),
    };

    /// <summary>The step after <paramref name="step"/>; null when it was the last. A sleep that saves is done with that, and what was restored runs.</summary>
    public static OperationStep? Next(OperationKind kind, OperationStep step)
    {
        if (step == OperationStep.Restore) return OperationStep.AwaitAgent;
        var steps = Steps(kind);
        // Comes before all others where the machine's host is lost: the rest is then done on another one.
        if (step == OperationStep.Place) return steps[0];
        for (var i = 0; i < steps.Count - 1; i++)
            if (steps[i] == step) return steps[i + 1];
        return null;
    }

    /// <summary>The same for a machine that a running state of its image is there for: it is not booted. After a failure it boots, whatever failed.</summary>
    public static OperationStep? Next(OperationKind kind, OperationStep step, bool fromRunningState) =>
        fromRunningState && step == OperationStep.Define && IsMade(kind) ? OperationStep.Restore : Next(kind, step);

    /// <summary>True for the operations that give a machine a new disk.</summary>
    public static bool IsMade(OperationKind kind) => kind is OperationKind.Provision or OperationKind.Refresh;

    /// <summary>Where an operation goes on whose step failed. What cannot be saved is shut down instead, and what cannot be restored boots.</summary>
    public static OperationStep AfterFailure(OperationStep step) => step switch
    {
        OperationStep.Save => OperationStep.ShutDown,
        OperationStep.Restore or OperationStep.AwaitAgent => OperationStep.Stop,
        _ => step,
    };

    /// <summary>How long one step may take before it counts as failed.</summary>
    public static TimeSpan Deadline(OperationStep step) => step switch
    {
        OperationStep.AwaitAgent => TimeSpan.FromMinutes(5),
        OperationStep.MoveLive => TimeSpan.FromMinutes(15),
        _ => TimeSpan.FromMinutes(2),
    };

    /// <summary>How long a guest may take to shut down before it is switched off.</summary>
    public static readonly TimeSpan ShutDownPatience = TimeSpan.FromSeconds(90);

    /// <summary>Pause before attempt number <paramref name="attempts"/> + 1: 2 s, 8 s, 32 s, at most 5 min.</summary>
    public static TimeSpan BackOff(int attempts) =>
        TimeSpan.FromSeconds(Math.Min(300, 2 * Math.Pow(4, Math.Max(0, attempts - 1))));

    /// <summary>True when a machine should be given up after that many failed attempts.</summary>
    public static bool GivesUp(int attempts) => attempts >= MostAttempts;
}
