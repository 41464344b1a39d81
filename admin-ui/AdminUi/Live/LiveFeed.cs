using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>The live lists of one sign-in.</summary>
internal sealed class LiveFeed : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly LiveTable<WorkTask> _tasks = new(t => t.TaskId);
    private readonly Func<CancellationToken, Task>[] _watches;
    private readonly Func<CancellationToken, Task> _watchTasks;
    private int _tasksWanted;

    public LiveFeed(string token, CallInvoker calls, TimeProvider time, TimeSpan drawInterval, ILogger log)
    {
        Token = token;
        DrawInterval = drawInterval;
        Time = time;
        Pools = new(p => p.PoolId);
        Machines = new(m => m.MachineId);
        Sessions = new(s => s.SessionId);
        Alerts = new(a => a.AlertId);
        var pools = new Watch<PoolsUpdate, Pool>("pools", Pools, time, log,
            ct => new Pools.PoolsClient(calls).Watch(new(), cancellationToken: ct),
            u => u.KindCase == PoolsUpdate.KindOneofCase.Snapshot ? new(u.Snapshot.Pools, null) : new(u.Changes?.Changed ?? [], u.Changes?.Removed ?? []));
        var machines = new Watch<MachinesUpdate, Machine>("machines", Machines, time, log,
            ct => new Machines.MachinesClient(calls).Watch(new(), cancellationToken: ct),
            u => u.KindCase == MachinesUpdate.KindOneofCase.Snapshot ? new(u.Snapshot.Machines, null) : new(u.Changes?.Changed ?? [], u.Changes?.Removed ?? []));
        var sessions = new Watch<SessionsUpdate, Session>("sessions", Sessions, time, log,
            ct => new Sessions.SessionsClient(calls).Watch(new(), cancellationToken: ct),
            u => u.KindCase == SessionsUpdate.KindOneofCase.Snapshot ? new(u.Snapshot.Sessions, null) : new(u.Changes?.Changed ?? [], u.Changes?.Removed ?? []));
        var alerts = new Watch<AlertsUpdate, Alert>("alerts", Alerts, time, log,
            ct => new Contracts.Admin.V1.Alerts.AlertsClient(calls).Watch(new(), cancellationToken: ct),
            u => u.KindCase == AlertsUpdate.KindOneofCase.Snapshot ? new(u.Snapshot.Alerts, null) : new(u.Changes?.Changed ?? [], u.Changes?.Removed ?? []));
        _watches = [pools.RunAsync, machines.RunAsync, sessions.RunAsync, alerts.RunAsync];
        _watchTasks = new Watch<TasksUpdate, WorkTask>("tasks", _tasks, time, log,
            ct => new Contracts.Admin.V1.Tasks.TasksClient(calls).Watch(new(), cancellationToken: ct),
            u => u.KindCase == TasksUpdate.KindOneofCase.Snapshot ? new(u.Snapshot.Tasks, null) : new(u.Changes?.Changed ?? [], u.Changes?.Removed ?? [])).RunAsync;
    }

    public string Token { get; }
    public TimeProvider Time { get; }
    public TimeSpan DrawInterval { get; }
    public LiveTable<Pool> Pools { get; }
    public LiveTable<Machine> Machines { get; }
    public LiveTable<Session> Sessions { get; }
    public LiveTable<Alert> Alerts { get; }

    /// <summary>Watched from when the first page of tasks is opened: it is a long list, and most pages need none of it.</summary>
    public LiveTable<WorkTask> Tasks
    {
        get
        {
            if (Interlocked.Exchange(ref _tasksWanted, 1) == 0 && !_stop.IsCancellationRequested)
            {
                var stop = _stop.Token;
                _ = Task.Run(() => _watchTasks(stop), CancellationToken.None);
            }
            return _tasks;
        }
    }

    public IReadOnlyList<LiveTable> All => _tasksWanted == 0 ? [Pools, Machines, Sessions, Alerts] : [Pools, Machines, Sessions, Alerts, _tasks];

    /// <summary>True once the broker refused the sign-in: the page must ask for a new one.</summary>
    public bool SignedOut => All.Any(s => s.Line.State == LineState.SignedOut);

    /// <summary>The oldest moment at which one of the lists was last known to be right; the smallest value if one never was.</summary>
    public DateTimeOffset LastHeard => All.Min(s => s.LastHeard);

    /// <summary>True once the console stops: pages that are still open draw no more, because what they would ask is going.</summary>
    public bool Stopped { get; private set; }

    public void Stop()
    {
        Stopped = true;
        Dispose();
    }

    public void Start()
    {
        var stop = _stop.Token;
        foreach (var watch in _watches) _ = Task.Run(() => watch(stop), CancellationToken.None);
    }

    public void SignOut()
    {
        var now = Time.GetUtcNow();
        Pools.SetLine(LineState.SignedOut, now);
        Machines.SetLine(LineState.SignedOut, now);
        Sessions.SetLine(LineState.SignedOut, now);
        Alerts.SetLine(LineState.SignedOut, now);
        _tasks.SetLine(LineState.SignedOut, now);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }
}
