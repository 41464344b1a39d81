using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>The gRPC and REST face of backups.</summary>
internal sealed class BackupsService(BackupStatus status) : Contracts.Admin.V1.Backups.BackupsBase
{
    public override async Task<BackupsStatus> GetStatus(GetBackupsStatusRequest request, ServerCallContext context)
    {
        var state = await status.AskAsync(context.CancellationToken);
        var answer = new BackupsStatus { Managed = state.Managed, Count = (uint)state.Count, Directory = state.Directory, Problem = state.Problem ?? "" };
        if (state.Last is { } last) (answer.LastName, answer.LastAt, answer.LastSizeBytes) = (last.Name, Timestamp.FromDateTimeOffset(last.At), (ulong)last.SizeBytes);
        if (state.LastVerified is { } verified) (answer.VerifiedAt, answer.Verified) = (Timestamp.FromDateTimeOffset(verified.At), verified.Summary);
        if (state.Failure is { } failure) (answer.FailedAt, answer.Failure) = (Timestamp.FromDateTimeOffset(failure.At), failure.Reason);
        if (state.LogArchivedAt is { } archived) answer.LogArchivedAt = Timestamp.FromDateTimeOffset(archived);
        return answer;
    }
}
