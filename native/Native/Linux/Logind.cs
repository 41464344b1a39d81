using System.Globalization;
using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Linux;

/// <summary>A session as systemd-logind knows it.</summary>
public sealed record LogindSession(string Id, uint Uid, int Leader, string Type, string Class, string State);

/// <summary>Read access to systemd-logind through libsystemd. Every call answers "nothing" where logind is absent.</summary>
public static partial class Logind
{
    private const string Library = "libsystemd.so.0";

    /// <summary>True where logind runs, so that a monitor reports and sessions are complete.</summary>
    public static bool IsPresent => Directory.Exists("/run/systemd/seats");

    /// <summary>All sessions now; a session that ends while it is read is left out.</summary>
    public static IReadOnlyList<LogindSession> Sessions()
    {
        if (!IsPresent || GetSessions(out var list) < 0 || list == 0) return [];
        var sessions = new List<LogindSession>();
        for (var i = 0; ; i++)
        {
            var item = Marshal.ReadIntPtr(list, i * nint.Size);
            if (item == 0) break;
            var id = Take(item);
            if (SessionUid(id, out var uid) < 0 || LeaderOf(id) is not { } leader) continue;
            sessions.Add(new LogindSession(
                id,
                uid,
                leader,
                SessionType(id, out var type) < 0 ? "" : Take(type),
                SessionClass(id, out var kind) < 0 ? "" : Take(kind),
                SessionState(id, out var state) < 0 ? "" : Take(state)));
        }
        Libc.Free(list);
        return sessions;
    }

    /// <summary>The session that a process belongs to; null when it belongs to none.</summary>
    public static string? SessionOf(int pid) =>
        IsPresent && PidSession(pid, out var session) >= 0 ? Take(session) : null;

    // sd_session_get_leader came with systemd 254, Debian 12 has 252: the leader stands in the file that logind keeps.
    private static int? LeaderOf(string session)
    {
        const string Key = "LEADER=";
        try
        {
            var line = File.ReadLines("/run/systemd/sessions/" + session).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal));
            return line is not null && int.TryParse(line.AsSpan(Key.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var leader) ? leader : null;
        }
        catch (IOException) { return null; }   // it ended while it was read
    }

    private static string Take(nint utf8)
    {
        var text = Marshal.PtrToStringUTF8(utf8) ?? "";
        Libc.Free(utf8);
        return text;
    }

    [LibraryImport(Library, EntryPoint = "sd_get_sessions")]
    private static partial int GetSessions(out nint sessions);

    [LibraryImport(Library, EntryPoint = "sd_session_get_uid", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SessionUid(string session, out uint uid);

    [LibraryImport(Library, EntryPoint = "sd_session_get_type", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SessionType(string session, out nint type);

    [LibraryImport(Library, EntryPoint = "sd_session_get_class", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SessionClass(string session, out nint kind);

    [LibraryImport(Library, EntryPoint = "sd_session_get_state", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SessionState(string session, out nint state);

    [LibraryImport(Library, EntryPoint = "sd_pid_get_session")]
    private static partial int PidSession(int pid, out nint session);
}
