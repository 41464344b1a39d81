using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// Desktops of people who came around the broker, at the machine's own screen: logind's graphical sessions that
/// xrdp does not run. Without logind there is no telling them from a display manager's greeter, and none is reported.
/// </summary>
internal static class LocalSessions
{
    public static IEnumerable<SeenSession> FindAll(IReadOnlyCollection<XrdpSession> xrdp, DateTimeOffset booted)
    {
        foreach (var session in Logind.Sessions())
        {
            if (session.Class != "user" || session.Type is not ("x11" or "wayland" or "mir") || session.State == "closing") continue;
            if (xrdp.Any(x => x.Leader.Pid == session.Leader) || Account.Find(session.Uid) is not { } user || ProcTable.Read(session.Leader) is not { } leader) continue;
            // sesman's session exists a moment before its X server does; reported here it would end when the server comes.
            if (leader.Name == XrdpSession.Sesman) continue;
            yield return new SeenSession("logind-" + session.Id, user.Name, Connected: true, booted + TimeSpan.FromSeconds(leader.Started / 100.0));
        }
    }
}
