namespace Montalegre.Vdi.Domain;

/// <summary>What becomes of a machine that its last person has logged off from.</summary>
public enum LogOffAction
{
    /// <summary>It starts again from its image version.</summary>
    Refresh,

    /// <summary>It goes; the pool's spare makes a new one when it wants one.</summary>
    Delete,

    /// <summary>It stays as it is.</summary>
    Keep,
}

/// <summary>Which action a kind of pool may have. The database holds the same by a constraint.</summary>
public static class LogOffActions
{
    /// <summary>INVARIANT: a floating machine never keeps what somebody left on it. Somebody's own machine is never thrown away.</summary>
    public static bool Fits(this LogOffAction action, PoolKind kind) => kind switch
    {
        PoolKind.Floating => action != LogOffAction.Keep,
        PoolKind.Dedicated or PoolKind.Manual => action == LogOffAction.Keep,
        _ => true,
    };

    /// <summary>What a new pool of that kind does.</summary>
    public static LogOffAction DefaultOf(PoolKind kind) => kind == PoolKind.Floating ? LogOffAction.Refresh : LogOffAction.Keep;
}
