using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Rollouts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tasks;

/// <summary>
/// Cancels a task in the way of what does it: each is one guarded statement that wins or loses against the work itself. Whoever cancels
/// needs the permission for that kind of work, too.
/// </summary>
internal sealed class CancelTask(TaskStore tasks, CancelImport imports, RolloutStore rollouts)
{
    /// <summary>Null: it is cancelled, or was already. Else why not, and the permission or state that it is about.</summary>
    public async Task<(RefusalReason Reason, string Detail)?> RunAsync(TaskRow task, Caller by, CancellationToken ct)
    {
        switch (task.Kind)
        {
            case "import" or "capture":
                if (!by.Rights.Everywhere(Permission.ImagesManage)) return (RefusalReason.PermissionMissing, Permission.ImagesManage.Name());
                return await imports.RunAsync(task.TaskId, by, ct) is ImportOutcome.Stands { Import.State: "cancelled" } ? null : await WhyNotAsync(task, ct);
            case "rollout":
                if (!by.Rights.Of(Permission.RolloutsManage).Covers(new([task.PoolId!.Value]))) return (RefusalReason.PermissionMissing, Permission.RolloutsManage.Name());
                return await rollouts.HaltAsync(new(task.TaskId), by.UserName, by.SourceAddress) ? null : await WhyNotAsync(task, ct);
            case "publish" or "copy" or "running_state" or "drain":
                return task.IsOver ? (RefusalReason.TaskOver, task.State) : (RefusalReason.TaskNotCancellable, task.Kind);
            default:
                return await tasks.CancelOperationAsync(task.TaskId, by) ? null : await WhyNotAsync(task, ct);
        }
    }

    // Read after the loss: what stands then is what won.
    private async Task<(RefusalReason Reason, string Detail)?> WhyNotAsync(TaskRow before, CancellationToken ct) =>
        await tasks.SomeAsync([before.TaskId], PoolScope.Everything, ct) is not [var now] ? (RefusalReason.NotFound, "task_id")
        : now is { State: "cancelled" } or { Kind: "rollout", Step: "halted" } ? null
        : now.IsOver ? (RefusalReason.TaskOver, now.State)
        : now is { Kind: "restart" or "refresh", Cause: "person" } ? (RefusalReason.TaskBegun, now.Step)
        : (RefusalReason.TaskNotCancellable, now.Kind);
}
