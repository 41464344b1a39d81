namespace Montalegre.Vdi.Domain;

/// <summary>
/// How long a pool makes no new machine after failures in a row. Ready machines serve on, used ones are refreshed: a fault
/// of the image or of the storage must not burn through all the names of a pool.
/// </summary>
public static class CreationHold
{
    /// <summary>Failures in a row that are borne without a pause: one broken disk is no pattern.</summary>
    public const int Borne = 2;

    /// <summary>Pause after that many failures in a row: none, none, then 15 s, 30 s, 60 s, at most 10 min.</summary>
    public static TimeSpan After(int failures) =>
        failures <= Borne ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(600, 15 * Math.Pow(2, Math.Min(failures - Borne - 1, 20))));
}
