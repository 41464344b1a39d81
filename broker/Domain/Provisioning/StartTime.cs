namespace Montalegre.Vdi.Domain;

/// <summary>How long one start takes, and how many go on at once.</summary>
public readonly record struct StartTime(TimeSpan One, int AtOnce)
{
    /// <summary>What a start is thought to take before any was measured.</summary>
    public static readonly TimeSpan Unknown = TimeSpan.FromMinutes(2);

    /// <summary>Time until that many are ready, in turns.</summary>
    public TimeSpan Of(int machines) => One * ((machines + AtOnce - 1) / AtOnce);
}
