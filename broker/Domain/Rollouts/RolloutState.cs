namespace Montalegre.Vdi.Domain;

/// <summary>How far an image roll-out is.</summary>
public enum RolloutState
{
    /// <summary>A few free machines are made from the new version; nobody gets them yet.</summary>
    Canary,

    /// <summary>They are up; somebody synthetic logs on to each through a gateway.</summary>
    Proving,

    /// <summary>The new version is good: the other machines follow, used ones at log-off.</summary>
    Waves,

    /// <summary>An administrator stopped it; nothing changes until it is resumed or rolled back.</summary>
    Halted,

    /// <summary>The machines of the new version go back to the old one.</summary>
    RollingBack,
    Done,
    RolledBack,
}

/// <summary>The table of a roll-out's states.</summary>
public static class RolloutStates
{
    /// <summary>Whether a roll-out may go from one state to the other.</summary>
    public static bool CanBecome(this RolloutState from, RolloutState to) => (from, to) switch
    {
        (RolloutState.Canary, RolloutState.Proving or RolloutState.Waves) => true,
        (RolloutState.Proving, RolloutState.Canary or RolloutState.Waves) => true,       // back: a canary was removed by hand
        (RolloutState.Waves, RolloutState.Done) => true,
        (RolloutState.Canary or RolloutState.Proving or RolloutState.Waves, RolloutState.Halted or RolloutState.RollingBack) => true,
        (RolloutState.Halted, RolloutState.RollingBack) => true,
        (RolloutState.Halted, RolloutState.Canary or RolloutState.Waves) => true,        // an administrator lets it go on
        (RolloutState.RollingBack, RolloutState.RolledBack) => true,
        _ => false,
    };

    /// <summary>Whether anything may still change because of it.</summary>
    public static bool IsOpen(this RolloutState state) => state is not (RolloutState.Done or RolloutState.RolledBack);
}
