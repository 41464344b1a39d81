using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Enum = System.Enum;

namespace Montalegre.Vdi.Broker.Tasks;

/// <summary>Rows of this slice as the public contract says them.</summary>
internal static class TaskContract
{
    public static WorkTask ToMessage(this TaskRow row)
    {
        var task = new WorkTask
        {
            TaskId = $"{row.TaskId}", Kind = SqlText.Parse<TaskKind>(row.Kind), ObjectKind = row.ObjectKind, ObjectId = row.ObjectId?.ToString() ?? "", ObjectName = row.ObjectName, ObjectThere = row.ObjectThere,
            PoolId = row.PoolId?.ToString() ?? "", HostId = row.HostId?.ToString() ?? "", HostName = row.HostName, Cause = SqlText.ParseOrNull<TaskCause>(row.Cause) ?? TaskCause.Broker, AskedBy = row.AskedBy,
            State = SqlText.Parse<TaskState>(row.State), Step = row.Step, Trouble = Trouble(row.Reason, row.Error), BeganAt = Utc(row.BeganAt), EndedAt = row.EndedAt is { } ended ? Utc(ended) : null,
            Lines = (uint)row.Lines, CanCancel = row.CanCancel,
        };
        if (row.Percent is { } percent) task.Percent = (uint)percent;
        if (row.LastAt is { } at) task.LastLine = new() { Number = (uint)row.Lines, At = Utc(at), Event = SqlText.Parse<TaskEvent>(row.LastEvent), Step = row.LastStep, Trouble = Trouble(row.Reason, row.Error) };
        return task;
    }

    public static TaskLine ToMessage(this TaskLineRow row) => new() { Number = (uint)row.Seq, At = Utc(row.At), Event = SqlText.Parse<TaskEvent>(row.Event), Step = row.Step, Trouble = Trouble(row.Reason, row.Detail) };

    private static Reason? Trouble(string? reason, string? error) =>
        string.IsNullOrEmpty(reason) && string.IsNullOrEmpty(error) ? null : new() { Code = Enum.TryParse<ReasonCode>(reason, out var code) ? code : ReasonCode.Unspecified, Detail = error ?? "" };

    private static Timestamp Utc(DateTime at) => Timestamp.FromDateTime(DateTime.SpecifyKind(at, DateTimeKind.Utc));
}
