using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>
/// Backups on disk: a directory for each, named by its time, and the archived log beside them. A directory whose name ends
/// in <c>.part</c> was not finished and is none.
/// </summary>
internal sealed class BackupStore(IOptions<BackupOptions> options, IOptions<HostingOptions> hosting)
{
    private const string Unfinished = ".part";
    private const int Locked = 11;   // EAGAIN

    public string Root => options.Value.Directory is { Length: > 0 } given ? given : Path.Combine(hosting.Value.StateDirectory, "backups");

    /// <summary>The archived log, each piece compressed.</summary>
    public string Log => Path.Combine(Root, "log");

    public string FailureFile => Path.Combine(Root, "last-failure.json");

    public string PathOf(BackupRecord backup) => Path.Combine(Root, backup.Name);

    public static string DumpOf(string directory) => Path.Combine(directory, "montalegre.dump");

    public static string BaseOf(string directory) => Path.Combine(directory, "base");

    public string VerifiedFileOf(BackupRecord backup) => Path.Combine(PathOf(backup), "verified.json");

    public void MakeDirectories()
    {
        foreach (var directory in new[] { Root, Log }) Directory.CreateDirectory(directory, HostingOptions.OwnerOnly);
    }

    /// <summary>Finished backups, oldest first.</summary>
    public IReadOnlyList<BackupRecord> All() => Directory.Exists(Root)
        ? [.. Directory.GetDirectories(Root).Where(d => !d.EndsWith(Unfinished, StringComparison.Ordinal))
            .Select(d => BackupFile.Read<BackupRecord>(Path.Combine(d, "backup.json"))).OfType<BackupRecord>().OrderBy(b => b.At)]
        : [];

    /// <summary>A backup by its name, or the newest.</summary>
    public BackupRecord Find(string? name) =>
        (name is null ? Newest() : All().FirstOrDefault(b => b.Name == name))
        ?? throw new StartUpException(name is null ? $"There is no backup in {Root}. Make one: cli db backup" : $"There is no backup {name} in {Root}. It has: {string.Join(", ", All().Select(b => b.Name))}.");

    private BackupRecord? Newest() => All() is [.., var newest] ? newest : null;

    /// <summary>One backup at a time; null while another process takes one. The kernel drops the lock with the process, however it ends.</summary>
    public FileStream? TryLock()
    {
        MakeDirectories();
        try
        {
            // Removed when it is let go: a run as another user must not leave a file that the broker cannot open.
            return new FileStream(Path.Combine(Root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (e.HResult == Locked)
        {
            return null;
        }
    }

    /// <summary>Only under the lock.</summary>
    public string Begin(string name) => Directory.CreateDirectory(Path.Combine(Root, name + Unfinished), HostingOptions.OwnerOnly).FullName;

    public async Task FinishAsync(string draft, BackupRecord record, CancellationToken ct)
    {
        await BackupFile.WriteAsync(Path.Combine(draft, "backup.json"), record, ct);
        Directory.Move(draft, PathOf(record));
    }

    /// <summary>Removes what a failed or killed attempt left; only under the lock.</summary>
    public void RemoveUnfinished()
    {
        foreach (var directory in Directory.GetDirectories(Root, "*" + Unfinished)) Directory.Delete(directory, recursive: true);
    }

    /// <summary>
    /// Puts backups and log of one cluster aside, complete: another cluster would write pieces of the same names. They can be
    /// restored from there by naming that directory as <c>Backup:Directory</c>.
    /// </summary>
    public string SetAside(string name)
    {
        var aside = Directory.CreateDirectory(Path.Combine(Root, name), HostingOptions.OwnerOnly).FullName;
        foreach (var directory in Directory.GetDirectories(Root).Where(d => d == Log || File.Exists(Path.Combine(d, "backup.json")))) Directory.Move(directory, Path.Combine(aside, Path.GetFileName(directory)));
        return aside;
    }

    /// <summary>Takes back what was put aside under that name.</summary>
    public void BringBack(string name)
    {
        var aside = Path.Combine(Root, name);
        if (!Directory.Exists(aside)) return;
        foreach (var directory in Directory.GetDirectories(aside)) Directory.Move(directory, Path.Combine(Root, Path.GetFileName(directory)));
        Directory.Delete(aside);
    }

    public void Remove(BackupRecord backup) => Directory.Delete(PathOf(backup), recursive: true);
}
