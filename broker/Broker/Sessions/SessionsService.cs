using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>The gRPC face of sessions for administrators.</summary>
internal sealed class SessionsService(
    SessionStore sessions, AuditStore audit, LogOffSession logOff, DisconnectSession disconnect, MessageSession message,
    ChangePump pump, TimeProvider time, IHostApplicationLifetime lifetime) : Contracts.Admin.V1.Sessions.SessionsBase
{
    private const int HistoryLimit = 200;
    private const uint LongestLookBack = 168;   // a week; longer is a report, not a page

    public override async Task<ListSessionsResponse> List(ListSessionsRequest request, ServerCallContext context) =>
        new() { Sessions = { (await sessions.ListAsync(request.IncludeEnded, context.Scope(), context.CancellationToken)).Select(s => s.ToMessage()) } };

    public override async Task<SessionDetails> Get(GetSessionRequest request, ServerCallContext context)
    {
        var id = Id(request.SessionId);
        var session = await FindAsync(id, context.CancellationToken);
        var (phases, connections) = await sessions.DetailsAsync(id, context.CancellationToken);
        var history = await audit.ListAsync(0, HistoryLimit, new(id.Value), PoolScope.Everything, context.CancellationToken);
        return new SessionDetails
        {
            Session = session,
            Phases = { phases.Select(p => p.ToMessage()) },
            Connections = { connections.Select(c => c.ToMessage()) },
            History = { history.Select(h => h.ToMessage()) },
        };
    }

    public override Task<SessionActionResponse> LogOff(SessionActionRequest request, ServerCallContext context) =>
        ActAsync(request.SessionId, id => logOff.RunAsync(id, By(context), context.CancellationToken), context);

    public override Task<SessionActionResponse> Disconnect(SessionActionRequest request, ServerCallContext context) =>
        ActAsync(request.SessionId, id => disconnect.RunAsync(id, By(context), context.CancellationToken), context);

    public override Task<SessionActionResponse> SendMessage(SendMessageRequest request, ServerCallContext context) =>
        ActAsync(request.SessionId, id => message.RunAsync(id, request.Title, request.Text, By(context), context.CancellationToken), context);

    public override async Task<LogonTimesResponse> LogonTimes(LogonTimesRequest request, ServerCallContext context)
    {
        if (request.Hours > LongestLookBack) throw Refusal.Refused(RefusalReason.InvalidField, $"hours: 1 to {LongestLookBack}");
        PoolId? pool = request.PoolId is "" ? null : new PoolId(Ids.Parse(request.PoolId, "pool_id"));
        var rows = await sessions.LogonTimesAsync(request.Hours == 0 ? 24 : (int)request.Hours, pool, context.Scope(), context.CancellationToken);
        var times = rows.Select(r => new LogonTime { Name = r.Name, Count = (uint)r.Count, MedianMilliseconds = (uint)r.Median, P95Milliseconds = (uint)r.P95 }).ToList();
        return new() { Whole = times.Find(t => t.Name == "whole"), Phases = { times.Where(t => t.Name != "whole") } };
    }

    public override async Task Watch(WatchSessionsRequest request, IServerStreamWriter<SessionsUpdate> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var updates = LiveView.WatchAsync(
            pump, ["session"], ct => sessions.ListAsync(includeEnded: false, context.Scope(), ct), (ids, ct) => sessions.FindAsync(ids, context.Scope(), ct), s => s.SessionId, time, ending.Token);
        try
        {
            await foreach (var update in updates) await responseStream.WriteAsync(Message(update), ending.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Refusal.Refused(RefusalReason.BrokerUnavailable);
        }
    }

    private static SessionsUpdate Message(LiveUpdate<SessionRow> update) => update switch
    {
        LiveUpdate<SessionRow>.Snapshot all => new SessionsUpdate { Snapshot = new SessionsSnapshot { Sessions = { all.Rows.Select(s => s.ToMessage()) } } },
        LiveUpdate<SessionRow>.Changes some => new SessionsUpdate
        {
            Changes = new SessionChanges { Changed = { some.Changed.Select(s => s.ToMessage()) }, Removed = { some.Gone.Select(id => id.ToString("D")) } },
        },
        _ => throw new InvalidOperationException($"{update} is not an update"),
    };

    private async Task<SessionActionResponse> ActAsync(string text, Func<SessionId, Task<RefusalReason?>> act, ServerCallContext context)
    {
        var id = Id(text);
        if (await act(id) is { } refused) throw Refusal.Refused(refused);
        return new SessionActionResponse { Session = await FindAsync(id, context.CancellationToken) };
    }

    private async Task<Session> FindAsync(SessionId id, CancellationToken ct) =>
        (await sessions.FindAsync([id.Value], PoolScope.Everything, ct)).SingleOrDefault()?.ToMessage() ?? throw Refusal.Refused(RefusalReason.NotFound, "session");

    private static SessionId Id(string text) =>
        Guid.TryParse(text, out var id) ? new SessionId(id) : throw Refusal.Refused(RefusalReason.InvalidField, "session_id");

    private static Asker By(ServerCallContext context) => new(context.Caller().UserName, context.Caller().SourceAddress);
}
