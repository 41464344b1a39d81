using System.Globalization;
using System.Text.RegularExpressions;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>Backups of the private cluster. An external database is backed up by whoever runs it.</summary>
internal sealed partial class BackupOptions : IOptionsWithProblems
{
    public static string SectionName => "Backup";

    /// <summary>False: no nightly backup and no archive of the log.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Where backups and the archived log go; empty means <c>backups</c> in the state directory. Another volume is better.</summary>
    public string? Directory { get; set; }

    /// <summary>Time of day, of this machine's time zone, of the nightly backup.</summary>
    public string At { get; set; } = "02:30";

    /// <summary>Days that a backup is kept, and with it the log since then: how far back a point in time can be.</summary>
    public int KeepDays { get; set; } = 14;

    /// <summary>Seconds of changes that may be lost with the whole machine: an unfinished piece of log is archived after this time.</summary>
    public int ArchiveSeconds { get; set; } = 60;

    public TimeOnly TimeOfDay => TimeOnly.ParseExact(At, "HH:mm", CultureInfo.InvariantCulture);

    public IEnumerable<string> Problems()
    {
        if (!string.IsNullOrEmpty(Directory) && !Path.IsPathFullyQualified(Directory)) yield return $"{SectionName}:{nameof(Directory)} is '{Directory}'; use an absolute path.";
        // The path stands in a command that PostgreSQL gives to the shell.
        if (!string.IsNullOrEmpty(Directory) && !PlainPath().IsMatch(Directory)) yield return $"{SectionName}:{nameof(Directory)} is '{Directory}'; use letters, digits, and / . _ - only.";
        if (!TimeOnly.TryParseExact(At, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)) yield return $"{SectionName}:{nameof(At)} is '{At}'; use a time of day like 02:30.";
        if (KeepDays is < 1 or > 3650) yield return $"{SectionName}:{nameof(KeepDays)} is {KeepDays}; use 1 to 3650.";
        if (ArchiveSeconds is < 1 or > 3600) yield return $"{SectionName}:{nameof(ArchiveSeconds)} is {ArchiveSeconds}; use 1 to 3600.";
    }

    [GeneratedRegex("^[A-Za-z0-9/._-]+$")]
    public static partial Regex PlainPath();
}
