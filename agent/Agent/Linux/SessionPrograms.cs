using System.Globalization;
using System.Runtime.Versioning;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// The programs of sessions that have no desktop. The script that such a session runs under starts them all, so that they
/// share its environment and it knows when the last has ended; it is asked as the session's user.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class SessionPrograms(string script, TimeProvider time)
{
    private const string Join = "--join", NameVariable = "MONTALEGRE_PROGRAM=";
    private const int LongestName = 64, LongestLine = 400, Remembered = 256, MostLooksAtOthers = 4;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    // Not for orders at once, which the script tells apart: nobody's session waits for another's.
    private readonly Lock _lock = new();
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>True when the machine's script takes a further program: it is of our image, and not of one from before.</summary>
    public static bool CanJoin(string script)
    {
        try
        {
            return File.ReadAllText(script).Contains(Join, StringComparison.Ordinal) && File.GetUnixFileMode(script).HasFlag(UnixFileMode.OtherExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public async Task<string?> StartAsync(XrdpSession session, StartProgram command, CancellationToken ct)
    {
        if (command.Name.Length is 0 or > LongestName || !command.Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')) return "the program's name is not usable";
        if (command.Line.Length is 0 or > LongestLine || command.Line.Any(char.IsControl)) return "the program's line is not usable";
        if (command.LaunchId.Length is 0 or > LongestName) return "the launch has no usable id";
        if (!CanJoin(script)) return "the machine's sessions run the one program that they were opened with; its image is from before several";
        var key = $"{session.Id} {command.Name} {command.LaunchId}";
        lock (_lock)
        {
            if (_done.Contains(key)) return null;
        }
        if (await KeeperAsync(session, ct) is not { } keeper) return "the session has a desktop, or ends just now";
        var (exit, error) = await Run.ToEndAsync("setpriv",
            [.. session.AsItsUser, script, Join, keeper.Pid.ToString(CultureInfo.InvariantCulture), command.Name, command.Line], ct);
        if (exit != 0) return $"the session takes no further program: {(error.Length > 0 ? error : "it did not answer")}";
        lock (_lock)
        {
            if (_done.Add(key)) _order.Enqueue(key);
            while (_order.Count > Remembered) _done.Remove(_order.Dequeue());
        }
        return null;
    }

    /// <summary>Names of the programs that run in a session, in one order; null: it is not one of programs, or none is there yet.</summary>
    public IReadOnlyList<string>? Running(XrdpSession session, IReadOnlyCollection<Proc> all)
    {
        if (Keeper(session, all) is not { } keeper) return null;
        var names = all.Where(p => p.Parent == keeper.Pid)
            .Select(p => ProcTable.Environment(p.Pid).FirstOrDefault(v => v.StartsWith(NameVariable, StringComparison.Ordinal))?[NameVariable.Length..])
            .Where(n => n is { Length: > 0 and <= LongestName }).Select(n => n!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(Remembered).ToList();
        return names.Count == 0 ? null : names;
    }

    // A session that has just been opened needs a moment until its script is there and listens: the shell that becomes it looks like another program.
    private async Task<Proc?> KeeperAsync(XrdpSession session, CancellationToken ct)
    {
        for (var others = 0; others < MostLooksAtOthers && ProcTable.IsAlive(session.Server); await Task.Delay(Step, time, ct))
        {
            var all = ProcTable.ReadAll();
            if (Keeper(session, all) is not { } keeper) others += all.Any(p => p.Parent == session.Leader.Pid && p.Pid != session.Server.Pid && p.Name is not ("xrdp-chansrv" or XrdpSession.Sesman)) ? 1 : 0;
            else if (Running(session, all) is not null) return keeper;
        }
        return null;
    }

    private Proc? Keeper(XrdpSession session, IReadOnlyCollection<Proc> all)
    {
        foreach (var process in all)
        {
            if (process.Parent == session.Leader.Pid && ProcTable.Arguments(process.Pid) is [_, var first, ..] && first == script) return process;
        }
        return null;
    }
}
