using System.Globalization;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>
/// Control groups of the workers: none may take more than its share of the processor. Where the gateway may not make groups, a
/// worker that runs wild is held back only by its niceness and by the kernel's scheduling of sessions, which shares the
/// processor among workers evenly but leaves nothing over; that is said once.
/// </summary>
/// <remarks>cgroup v2 as systemd delegates it to a service (<c>Delegate=cpu</c>), and the cpu hierarchy of v1 where an option names it.</remarks>
internal sealed class WorkerGroups : IDisposable
{
    private const int Period = 100_000;     // microseconds
    private const string Prefix = "worker-";
    private static readonly TimeSpan Entered = TimeSpan.FromMinutes(2);     // by then a worker is in its group, or will never be
    private static readonly string[] Mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

    private readonly int _percent;
    private readonly string? _parent;
    private readonly TimeProvider _time;
    private readonly List<(string Group, DateTimeOffset Made)> _made = [];
    private readonly Lock _gate = new();
    private int _last;

    public WorkerGroups(IOptions<Html5Options> options, TimeProvider time, ILogger<WorkerGroups> log)
    {
        _time = time;
        _percent = options.Value.WorkerCpuPercent;
        if (_percent == 0 || options.Value.WorkerFolder.Length == 0) return;
        try
        {
            var parent = options.Value.WorkerGroup.Length > 0 ? options.Value.WorkerGroup : OwnGroup();
            if (!File.Exists(Path.Combine(parent, "cpu.cfs_quota_us"))) Share(parent, isOwn: options.Value.WorkerGroup.Length == 0);
            foreach (var left in Directory.EnumerateDirectories(parent, $"{Prefix}*")) TryRemove(left);
            TryRemove(Make(parent));    // what cannot be done is better known now
            _parent = parent;
            log.WorkersLimited(_percent, parent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.WorkersNotLimited(e.Message);
        }
    }

    /// <summary>A group for one worker, which enters it itself; null where there are none.</summary>
    public string? New()
    {
        if (_parent is null) return null;
        var group = Make(_parent);
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            _made.RemoveAll(m => now - m.Made > Entered && TryRemove(m.Group));
            _made.Add((group, now));
        }
        return group;
    }

    public void Dispose()
    {
        lock (_gate) _made.RemoveAll(m => TryRemove(m.Group));
    }

    private string Make(string parent)
    {
        var group = Directory.CreateDirectory(Path.Combine(parent, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _last)}")).FullName;
        var quota = (Period / 100 * _percent).ToString(CultureInfo.InvariantCulture);
        if (File.Exists(Path.Combine(group, "cpu.max"))) Write(group, "cpu.max", $"{quota} {Period}");
        else
        {
            Write(group, "cpu.cfs_period_us", $"{Period}");
            Write(group, "cpu.cfs_quota_us", quota);
        }
        return group;
    }

    // The kernel refuses it while somebody lives there.
    private static bool TryRemove(string group)
    {
        try { Directory.Delete(group); }
        catch (DirectoryNotFoundException) { return true; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return false; }
        return true;
    }

    /// <summary>The gateway's own group of cgroup v2.</summary>
    private static string OwnGroup()
    {
        var own = File.ReadLines("/proc/self/cgroup").FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?[3..] ?? throw new IOException("this kernel has no cgroup v2");
        var mount = Mounts.FirstOrDefault(m => File.Exists(Path.Combine(m, "cgroup.controllers"))) ?? throw new IOException("cgroup v2 is not mounted at /sys/fs/cgroup");
        return Path.Combine(mount, own.TrimStart('/'));
    }

    /// <summary>Hands the processor on to groups below this one, which then may hold no process itself.</summary>
    private static void Share(string parent, bool isOwn)
    {
        if (!File.ReadAllText(Path.Combine(parent, "cgroup.controllers")).Split().Contains("cpu"))
            throw new IOException($"{parent} was not given the cpu controller; set Delegate=cpu in the gateway's unit, or Gateway:Html5:WorkerGroup");
        if (File.ReadAllText(Path.Combine(parent, "cgroup.subtree_control")).Split().Contains("cpu")) return;
        if (isOwn)
        {
            var self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
            if (File.ReadAllLines(Path.Combine(parent, "cgroup.procs")) is not [var only] || only != self)
                throw new IOException($"{parent} holds other processes than the gateway; run it as a service of its own, or set Gateway:Html5:WorkerGroup");
            Write(Directory.CreateDirectory(Path.Combine(parent, "gateway")).FullName, "cgroup.procs", self);
        }
        Write(parent, "cgroup.subtree_control", "+cpu");
    }

    // The files of control groups are written whole, without being made or cut first.
    private static void Write(string group, string name, string value)
    {
        using var file = new FileStream(Path.Combine(group, name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(System.Text.Encoding.ASCII.GetBytes(value));
    }
}
