using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Tasks;

/// <summary>The gRPC and REST face of tasks.</summary>
internal sealed class TasksService(TaskStore store, CancelTask cancel, AuditStore audit, ChangePump pump, TimeProvider time, IHostApplicationLifetime lifetime) : Contract.Tasks.TasksBase
{
    private const int UsualPage = 100;
    private const int LargestPage = 500;
    private const int HistoryShown = 20;
    private const int LongestName = 200;

    public override async Task<ListTasksResponse> List(ListTasksRequest request, ServerCallContext context)
    {
        if (request.States.Contains(Contract.TaskState.Unspecified)) throw Refusal.Refused(RefusalReason.InvalidField, "states");
        if (request.Kinds.Contains(TaskKind.Unspecified)) throw Refusal.Refused(RefusalReason.InvalidField, "kinds");
        if (request.AskedBy.Length > LongestName) throw Refusal.Refused(RefusalReason.InvalidField, "asked_by");
        var filter = new TaskFilter
        {
            States = Texts(request.States, "states"), Kinds = Texts(request.Kinds, "kinds"), Machine = Ids.ParseOrNone(request.MachineId, "machine_id"), Pool = Ids.ParseOrNone(request.PoolId, "pool_id"), Host = Ids.ParseOrNone(request.HostId, "host_id"),
            AskedBy = request.AskedBy is "" ? null : UserNames.Normalise(request.AskedBy), From = request.From?.ToDateTime(), Until = request.Until?.ToDateTime(), Before = Ids.ParseOrNone(request.Before, "before"),
        };
        var limit = request.Limit == 0 ? UsualPage : (int)Math.Min(request.Limit, LargestPage);
        return new() { Tasks = { (await store.ListAsync(filter, limit, context.Scope(), context.CancellationToken)).Select(t => t.ToMessage()) } };
    }

    public override async Task<TaskDetails> Get(GetTaskRequest request, ServerCallContext context)
    {
        var (id, ct) = (Ids.Parse(request.TaskId, "task_id"), context.CancellationToken);
        var task = await OneAsync(id, context.Scope(), ct);
        var details = new TaskDetails { Task = task.ToMessage(), Lines = { (await store.LinesAsync(id, (int)Math.Min(request.After, int.MaxValue), ct)).Select(l => l.ToMessage()) } };
        if (task.ObjectId is { } about) details.History.AddRange((await audit.ListAsync(0, HistoryShown, new(about), context.Scope(), ct)).Select(r => r.ToMessage()));
        return details;
    }

    public override async Task<WorkTask> Cancel(CancelTaskRequest request, ServerCallContext context)
    {
        var (id, ct) = (Ids.Parse(request.TaskId, "task_id"), context.CancellationToken);
        if (await cancel.RunAsync(await OneAsync(id, context.Scope(), ct), context.Caller(), ct) is { } no) throw Refusal.Refused(no.Reason, no.Detail);
        pump.Ring();
        return (await OneAsync(id, context.Scope(), ct)).ToMessage();
    }

    public override async Task Watch(WatchTasksRequest request, IServerStreamWriter<TasksUpdate> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var updates = LiveView.WatchAsync(pump, ["task"], ct => store.RecentAsync(context.Scope(), ct), (ids, ct) => store.SomeAsync(ids, context.Scope(), ct), t => t.TaskId, time, ending.Token);
        try
        {
            await foreach (var update in updates)
                await responseStream.WriteAsync(update switch
                {
                    LiveUpdate<TaskRow>.Snapshot all => new() { Snapshot = new() { Tasks = { all.Rows.Select(t => t.ToMessage()) } } },
                    LiveUpdate<TaskRow>.Changes some => new() { Changes = new() { Changed = { some.Changed.Select(t => t.ToMessage()) }, Removed = { some.Gone.Select(id => $"{id}") } } },
                    _ => throw new InvalidOperationException($"A live view said {update}."),
                }, ending.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Refusal.Refused(RefusalReason.BrokerUnavailable);
        }
    }

    private async Task<TaskRow> OneAsync(Guid id, PoolScope scope, CancellationToken ct) =>
        await store.SomeAsync([id], scope, ct) is [var row] ? row : throw Refusal.Refused(RefusalReason.NotFound, "task_id");

    private static string[]? Texts<T>(IReadOnlyCollection<T> wanted, string field) where T : struct, Enum =>
        wanted.Count == 0 ? null : wanted.All(Enum.IsDefined) ? [.. wanted.Distinct().Select(SqlText.Of)] : throw Refusal.Refused(RefusalReason.InvalidField, field);
}
