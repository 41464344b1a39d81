using System.Globalization;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>A session that xrdp-sesman runs: the sesman child that opened it, and the X server below that.</summary>
internal sealed record XrdpSession(Proc Leader, Proc Server, int Display, Account User)
{
    public const string Sesman = "xrdp-sesman";
    private const int TicksPerSecond = 100;      // USER_HZ: a constant of the kernel's interface on x86-64

    /// <summary>Unique within one boot, and the same after a restart of the agent. Display numbers are used again, so not those.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"xrdp-{Leader.Pid}-{Leader.Started}");

    /// <summary>Arguments of setpriv before a program that is to run as the session's user, on its display, with nothing of ours in its environment.</summary>
    public string[] AsItsUser =>
    [
        "--reuid", User.Uid.ToString(CultureInfo.InvariantCulture),
        "--regid", User.Gid.ToString(CultureInfo.InvariantCulture),
        "--init-groups", "--no-new-privs", "env", "-i",
        "PATH=/usr/bin:/bin", "LANG=C.UTF-8", $"HOME={User.Home}", $"XAUTHORITY={User.Home}/.Xauthority", $"DISPLAY=:{Display}",
    ];

    public DateTimeOffset StartedAt(DateTimeOffset booted) => booted + TimeSpan.FromSeconds((double)Leader.Started / TicksPerSecond);

    public static List<XrdpSession> FindAll(IReadOnlyCollection<Proc> all)
    {
        var sesmen = all.Where(p => p.Name == Sesman).ToDictionary(p => p.Pid);
        var found = new List<XrdpSession>();
        foreach (var server in all)
        {
            if (!sesmen.TryGetValue(server.Parent, out var leader) || !sesmen.ContainsKey(leader.Parent)) continue;
            if (server.Name is not ("Xorg" or "Xvnc")) continue;
            if (DisplayOf(server) is not { } display || ProcTable.Uid(server.Pid) is not { } uid || Account.Find(uid) is not { } user) continue;
            found.Add(new XrdpSession(leader, server, display, user));
        }
        return found;
    }

    /// <summary>
    /// Displays whose X server has xrdp on the line now. The kernel lists the accepted end under the listener's path, as
    /// connected; it goes away with the client.
    /// </summary>
    public static HashSet<int> ConnectedDisplays(string socketDirectory, string table)
    {
        const string Connected = "03";
        var prefix = Path.Combine(socketDirectory, "xrdp_display_");
        var displays = new HashSet<int>();
        foreach (var line in table.Split('\n'))
        {
            var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length < 8 || columns[5] != Connected || !columns[7].StartsWith(prefix, StringComparison.Ordinal)) continue;
            if (int.TryParse(columns[7].AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var display)) displays.Add(display);
        }
        return displays;
    }

    private static int? DisplayOf(Proc server)
    {
        foreach (var argument in ProcTable.Arguments(server.Pid))
        {
            if (argument.Length > 1 && argument[0] == ':' && int.TryParse(argument.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var display)) return display;
        }
        return null;
    }
}
