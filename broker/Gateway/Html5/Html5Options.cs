namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>Section <c>Gateway:Html5</c>: desktops in the browser.</summary>
internal sealed class Html5Options
{
    public const string Section = "Gateway:Html5";

    /// <summary>Folder of the worker: its program, the launcher and the shim. Empty turns desktops in the browser off.</summary>
    public string WorkerFolder { get; set; } = "";

    /// <summary>bubblewrap, which builds the worker's namespaces.</summary>
    public string Sandbox { get; set; } = "/usr/bin/bwrap";

    /// <summary>Memory of one worker, in MiB.</summary>
    public int WorkerMemory { get; set; } = 512;

    /// <summary>Room in a desktop's drive, in MiB; 0 gives desktops in the browser neither files nor printing.</summary>
    public int DriveSize { get; set; } = 512;

    /// <summary>The largest file, and the largest printed document, in MiB.</summary>
    public int LargestFile { get; set; } = 256;

    /// <summary>Where a drive's bytes lie while its desktop is open, in a file without a name. Empty is the system's folder for such files.</summary>
    public string DriveFolder { get; set; } = "";

    /// <summary>Ghostscript, which makes PDF of what desktops print. Where it is not, there is no printing in the browser.</summary>
    public string Ghostscript { get; set; } = "/usr/bin/gs";

    /// <summary>Most processor time of one worker, in percent of one core; 0 is no limit. Needs control groups, see <see cref="WorkerGroup"/>.</summary>
    public int WorkerCpuPercent { get; set; } = 100;

    /// <summary>Folder of a control group in which the gateway may make groups for its workers. Empty: below the gateway's own, where systemd delegates it.</summary>
    public string WorkerGroup { get; set; } = "";

    /// <summary>
    /// Whether machines may send H.264 with full colour (AVC444). Browsers show its 4:2:0 view and decode the other for nothing, but
    /// Windows 10 and later send no H.264 at all to clients that do not know it.
    /// </summary>
    public bool FullColourVideo { get; set; } = true;

    /// <summary>Desktops at once in this gateway.</summary>
    public int MostDesktops { get; set; } = 500;

    /// <summary>Desktops at once for one source address.</summary>
    public int MostDesktopsPerAddress { get; set; } = 200;

    /// <summary>From the open socket to a whole Hello.</summary>
    public TimeSpan HelloDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>From the redeemed ticket to the first picture.</summary>
    public TimeSpan OpenDeadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a desktop waits for its browser after the network dropped.</summary>
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an administrator who assists has to come back after their page went; the person sees the mark meanwhile.</summary>
    public TimeSpan KeepViewerFor { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a browser may take nothing at all before it counts as gone.</summary>
    public TimeSpan SendDeadline { get; set; } = TimeSpan.FromSeconds(30);

    public IEnumerable<string> Problems()
    {
        if (WorkerFolder.Length > 0 && !File.Exists(Path.Combine(WorkerFolder, WorkerProgram.Name)))
            yield return $"{Section}:{nameof(WorkerFolder)} is {WorkerFolder}, where there is no {WorkerProgram.Name}; name the folder the worker was published to, or leave it empty.";
        if (WorkerFolder.Length > 0 && !File.Exists(Sandbox))
            yield return $"{Section}:{nameof(Sandbox)} is {Sandbox}, which does not exist; install bubblewrap or name its program.";
        foreach (var (name, value) in new[] { (nameof(MostDesktops), MostDesktops), (nameof(MostDesktopsPerAddress), MostDesktopsPerAddress) })
            if (value < 1) yield return $"{Section}:{name} is {value}; use 1 or more.";
        if (DriveSize is < 0 or > 65_536) yield return $"{Section}:{nameof(DriveSize)} is {DriveSize}; use 0 to 65536.";
        if (LargestFile < 1) yield return $"{Section}:{nameof(LargestFile)} is {LargestFile}; use 1 or more.";
        if (DriveFolder.Length > 0 && !Directory.Exists(DriveFolder)) yield return $"{Section}:{nameof(DriveFolder)} is {DriveFolder}, which does not exist; make it, or leave it empty.";
        if (WorkerMemory < 64) yield return $"{Section}:{nameof(WorkerMemory)} is {WorkerMemory}; use 64 or more.";
        if (WorkerCpuPercent is not 0 and (< 10 or > 6400)) yield return $"{Section}:{nameof(WorkerCpuPercent)} is {WorkerCpuPercent}; use 10 to 6400, or 0 for no limit.";
        if (WorkerGroup.Length > 0 && !Directory.Exists(WorkerGroup)) yield return $"{Section}:{nameof(WorkerGroup)} is {WorkerGroup}, which does not exist; make the group first, or leave it empty.";
        foreach (var (name, value) in new[] { (nameof(HelloDeadline), HelloDeadline), (nameof(OpenDeadline), OpenDeadline), (nameof(SendDeadline), SendDeadline) })
            if (value < TimeSpan.FromMilliseconds(100)) yield return $"{Section}:{name} is {value}; use 00:00:00.100 or more.";
        if (KeepViewerFor < TimeSpan.Zero || KeepViewerFor > TimeSpan.FromMinutes(2)) yield return $"{Section}:{nameof(KeepViewerFor)} is {KeepViewerFor}; use 00:00:00 to 00:02:00.";
        if (KeepFor < TimeSpan.Zero || KeepFor > TimeSpan.FromMinutes(10)) yield return $"{Section}:{nameof(KeepFor)} is {KeepFor}; use 00:00:00 to 00:10:00.";
    }
}

/// <summary>Stops start-up with every problem of the section at once.</summary>
internal sealed class Html5Problems : Microsoft.Extensions.Options.IValidateOptions<Html5Options>
{
    public Microsoft.Extensions.Options.ValidateOptionsResult Validate(string? name, Html5Options options) =>
        options.Problems().ToList() is { Count: > 0 } problems
            ? Microsoft.Extensions.Options.ValidateOptionsResult.Fail(problems)
            : Microsoft.Extensions.Options.ValidateOptionsResult.Success;
}
