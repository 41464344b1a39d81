using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Tasks of the fake broker; a test writes their lines.</summary>
internal sealed class FakeTasks(FakeWorld world) : Tasks.TasksBase
{
    public override async Task Watch(WatchTasksRequest request, IServerStreamWriter<TasksUpdate> stream, ServerCallContext context)
    {
        world.Demand(context);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, world.Watching);
        await world.Tasks.WatchAsync(all => stream.WriteAsync(new() { Snapshot = new() { Tasks = { all } } }),
            (changed, removed) => stream.WriteAsync(new() { Changes = new() { Changed = { changed }, Removed = { removed } } }), ended.Token);
    }

    public override Task<TaskDetails> Get(GetTaskRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var task = world.Tasks.Find(request.TaskId) ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "task_id");
        world.Calls.Enqueue($"task {request.TaskId} after {request.After}");
        return Task.FromResult(new TaskDetails { Task = task, Lines = { world.LinesOf(request.TaskId).Where(l => l.Number > request.After) }, History = { world.Audit.Where(a => a.ObjectId.Length > 0 && a.ObjectId == task.ObjectId).Take(3) } });
    }

    public override Task<WorkTask> Cancel(CancelTaskRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (world.CancelRefused is { } reason) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, reason, "define");
        world.Calls.Enqueue($"task-cancel {request.TaskId}");
        return Task.FromResult(world.Tell(request.TaskId, TaskEvent.Cancelled, state: TaskState.Cancelled));
    }
}

internal static class TasksOfWorld
{
    public static void Fill(FakeWorld world, DateTimeOffset now)
    {
        void Add(string id, TaskKind kind, TaskState state, string on, string id2, string name, TaskCause cause, string by, int agoSeconds, int tookSeconds, Action<WorkTask>? more = null)
        {
            var task = new WorkTask
            {
                TaskId = id, Kind = kind, State = state, ObjectKind = on, ObjectId = id2, ObjectName = name, ObjectThere = true, Cause = cause, AskedBy = by, BeganAt = now.AddSeconds(-agoSeconds).ToTimestamp(),
                EndedAt = tookSeconds > 0 ? now.AddSeconds(tookSeconds - agoSeconds).ToTimestamp() : null, PoolId = on == "machine" ? "p-balcao" : "", HostName = on == "image" ? "" : "anfitriao-a", HostId = on == "image" ? "" : "host-1",
            };
            more?.Invoke(task);
            world.Tasks.Put(task);
        }
        Add("t-1", TaskKind.Restart, TaskState.Waiting, "machine", "m-balcao-1", "balcao-1", TaskCause.Person, "rita", 14, 0, t => (t.CanCancel, t.Step) = (true, "stop"));
        world.Tell("t-1", TaskEvent.Began, "stop");
        Add("t-2", TaskKind.Provision, TaskState.Waiting, "machine", "m-balcao-24", "balcao-24", TaskCause.Pool, "", 95, 0, t => t.Step = "overlay");
        world.Tell("t-2", TaskEvent.Began, "stop");
        world.Tell("t-2", TaskEvent.Step, "overlay");
        world.Tell("t-2", TaskEvent.Attempt, "overlay", new() { Code = ReasonCode.StorageFull, Detail = "No space left on device" });
        Add("t-3", TaskKind.Import, TaskState.Running, "image", "", "debian-balcao", TaskCause.Person, "rita", 310, 0, t => (t.CanCancel, t.ObjectThere, t.Percent, t.Step, t.HostName) = (true, false, 42, "convert", "casa-1"));
        foreach (var step in new[] { "receive", "hash", "check", "convert" }) world.Tell("t-3", step == "receive" ? TaskEvent.Began : TaskEvent.Step, step);
        Add("t-4", TaskKind.Wake, TaskState.Failed, "machine", "m-sala-1", "sala-1", TaskCause.Launch, "", 4000, 180, t => (t.Step, t.PoolId) = ("magic_packet", "p-man"));
        world.Tell("t-4", TaskEvent.Failed, "magic_packet", new() { Code = ReasonCode.ComputerDidNotWake });
        Add("t-5", TaskKind.Delete, TaskState.Done, "machine", "m-gone", "urb-13", TaskCause.Person, "rui", 9000, 7, t => t.ObjectThere = false);
        world.Tell("t-5", TaskEvent.Done, "remove");
        Add("t-6", TaskKind.Drain, TaskState.Running, "host", "host-2", "anfitriao-b", TaskCause.Person, "rita", 700, 0, t => (t.HostName, t.HostId) = ("anfitriao-b", "host-2"));
        world.Tell("t-6", TaskEvent.Began, "maintenance");
        Add("t-7", TaskKind.Refresh, TaskState.Done, "machine", "m-balcao-12", "balcao-12", TaskCause.LogOff, "", 1900, 44);
        world.Tell("t-7", TaskEvent.Done, "await_agent");
        Add("t-8", TaskKind.Copy, TaskState.Running, "image", "img-7", "debian-balcao 7", TaskCause.Broker, "", 240, 0, t => (t.HostName, t.HostId) = ("anfitriao-b", "host-2"));
        world.Tell("t-8", TaskEvent.Began, "copy", new() { Code = ReasonCode.ImageDamaged });
    }
}
