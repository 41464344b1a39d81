using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class SessionCommands
{
    public static Command[] All { get; } =
    [
        new("sessions list", "[--all]", "sessões abertas", "open sessions", ListAsync),
        new("sessions show", "<session|user>", "uma sessão e a sua história", "one session and its history", ShowAsync),
        new("sessions log-off", "<session|user>", "termina a sessão", "end the session", call => ActAsync(call, (client, id, options) => client.LogOffAsync(new() { SessionId = id }, options))),
        new("sessions disconnect", "<session|user>", "corta a ligação; a sessão fica", "end the connection, the session stays", call => ActAsync(call, (client, id, options) => client.DisconnectAsync(new() { SessionId = id }, options))),
        new("sessions message", "<session|user> <text> [--title <text>]", "mostra uma mensagem ao utilizador", "show the user a message", MessageAsync),
    ];

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await new Sessions.SessionsClient(call.Calls).ListAsync(new() { IncludeEnded = call.Line.Has("all") }, call.AsAdministrator);
        s.Table(answer, answer.Sessions,
            (s.Words("SESSÃO", "SESSION"), x => x.SessionId),
            (s.Words("ESTADO", "STATE"), x => Screen.Word(x.State, "")),
            (s.Words("UTILIZADOR", "USER"), x => x.UserName),
            (s.Words("MÁQUINA", "MACHINE"), x => x.MachineName),
            (s.Words("CONJUNTO", "POOL"), x => x.PoolName),
            (s.Words("APLICAÇÃO", "APPLICATION"), ApplicationsOf),
            (s.Words("DESDE", "SINCE"), x => Screen.Time(x.StateSince)),
            (s.Words("POSTO", "CLIENT"), x => x.Connected ? $"{x.ClientName} {x.ClientAddress}".Trim() : ""));
        return 0;
    }

    private static string ApplicationsOf(Session session) => session.Applications.Count > 0 ? string.Join(", ", session.Applications) : session.ApplicationName;

    private static async Task<int> ShowAsync(Invocation call)
    {
        var s = call.Screen;
        var id = (await FindAsync(call, call.Line.Take(2, 1, 1)[0])).SessionId;
        var details = await new Sessions.SessionsClient(call.Calls).GetAsync(new() { SessionId = id }, call.AsAdministrator);
        if (s.Json)
        {
            s.Message(details);
            return 0;
        }
        var x = details.Session;
        s.Result($"{x.SessionId}  {Screen.Word(x.State, "")}  {x.UserName}  {x.MachineName}  {x.PoolName}{(ApplicationsOf(x) is { Length: > 0 } open ? $"  {open}" : "")}  {Screen.Time(x.StartedAt)}");
        s.Table(details, details.Phases,
            (s.Words("FASE", "PHASE"), p => p.Name), (s.Words("INÍCIO", "STARTED"), p => Screen.Time(p.StartedAt)),
            ("ms", p => p.EndedAt is { } end ? $"{(end - p.StartedAt).ToTimeSpan().TotalMilliseconds:0}" : ""));
        s.Table(details, details.Connections,
            (s.Words("LIGAÇÃO", "CONNECTION"), c => $"{c.ClientName} {c.ClientAddress}".Trim()), (s.Words("DE", "FROM"), c => Screen.Time(c.OpenedAt)),
            (s.Words("ATÉ", "TO"), c => Screen.Time(c.ClosedAt)), (s.Words("FIM", "END"), c => c.End));
        AuditCommands.Table(s, details, details.History);
        return 0;
    }

    private static async Task<int> MessageAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var session = await FindAsync(call, words[0]);
        var request = new SendMessageRequest { SessionId = session.SessionId, Text = words[1], Title = call.Line.Option("title") ?? "" };
        var answer = await new Sessions.SessionsClient(call.Calls).SendMessageAsync(request, call.AsAdministrator);
        call.Screen.Done(answer, $"Mensagem enviada a {session.UserName}", $"Message sent to {session.UserName}");
        return 0;
    }

    private static async Task<int> ActAsync(Invocation call, Func<Sessions.SessionsClient, string, CallOptions, AsyncUnaryCall<SessionActionResponse>> act)
    {
        var session = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        var answer = await act(new Sessions.SessionsClient(call.Calls), session.SessionId, call.AsAdministrator);
        var state = Screen.Word((answer.Session ?? session).State, "");
        call.Screen.Done(answer, $"{session.UserName} @ {session.MachineName}: {state}", $"{session.UserName} @ {session.MachineName}: {state}");
        return 0;
    }

    // By id any session; by user name the only open one.
    private static async Task<Session> FindAsync(Invocation call, string idOrUser)
    {
        var byId = Guid.TryParse(idOrUser, out _);
        var sessions = (await new Sessions.SessionsClient(call.Calls).ListAsync(new() { IncludeEnded = byId }, call.AsAdministrator)).Sessions;
        var found = sessions.Where(x => byId ? x.SessionId == idOrUser : x.UserName == idOrUser).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw Unknown.Object(ReasonCode.NotFound, idOrUser),
            _ => throw new UsageException(call.Screen.Words($"{idOrUser} tem {found.Count} sessões; indique o identificador", $"{idOrUser} has {found.Count} sessions; give the id")),
        };
    }
}
