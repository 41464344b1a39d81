namespace Montalegre.Vdi.Rig;

/// <summary>What apt knows about packages on this computer: the lists of its last update.</summary>
public static class PackageLists
{
    private static readonly TimeSpan Fresh = TimeSpan.FromDays(1);

    /// <summary>True when there are package lists and the last update is at most a day ago.</summary>
    /// <param name="directory">Usually /var/lib/apt/lists.</param>
    /// <param name="now">The present time, UTC.</param>
    public static bool AreFresh(string directory, DateTime now)
    {
        if (!Directory.Exists(directory) || !Directory.EnumerateFiles(directory, "*_Packages*").Any()) return false;
        // A list keeps its publisher's time. apt touches "partial" in every update, and the directory when a list is new.
        var partial = Path.Combine(directory, "partial");
        var updated = Directory.Exists(partial) ? Directory.GetLastWriteTimeUtc(partial) : Directory.GetLastWriteTimeUtc(directory);
        return now - updated <= Fresh;
    }
}
