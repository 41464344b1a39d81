using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;
using AssistanceState = Montalegre.Vdi.Contracts.Admin.V1.AssistanceState;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>Rows as the public API and the gateways see them.</summary>
internal static class AssistanceMessages
{
    public static AssistanceCase ToMessage(this AssistanceRow row) => new()
    {
        AssistanceId = row.AssistanceId.ToString("D"),
        SessionId = row.SessionId.ToString("D"),
        State = SqlText.Parse<Domain.AssistanceState>(row.State) switch
        {
            Domain.AssistanceState.Asked => AssistanceState.Asked,
            Domain.AssistanceState.Granted => AssistanceState.Granted,
            Domain.AssistanceState.Watching => AssistanceState.Watching,
            Domain.AssistanceState.Denied => AssistanceState.Denied,
            Domain.AssistanceState.Expired => AssistanceState.Expired,
            _ => AssistanceState.Ended,
        },
        Control = row.Control,
        Reason = row.Reason,
        Administrator = row.Administrator,
        AskedAt = row.AskedAt.ToTimestamp(),
        AnsweredAt = row.AnsweredAt?.ToTimestamp(),
        BeganAt = row.BeganAt?.ToTimestamp(),
        EndedAt = row.EndedAt?.ToTimestamp(),
        EndReason = row.EndReason ?? "",
        Until = row.StateUntil?.ToTimestamp(),
    };

    public static AssistanceOrder ToOrder(this OrderRow row) => new()
    {
        AssistanceId = row.AssistanceId.ToString("D"),
        ConnectionId = row.ConnectionId.ToString("D"),
        Step = SqlText.Parse<Domain.AssistanceState>(row.State) switch
        {
            Domain.AssistanceState.Asked => AssistanceStep.Asked,
            Domain.AssistanceState.Granted => AssistanceStep.Granted,
            Domain.AssistanceState.Watching => AssistanceStep.Watching,
            _ => AssistanceStep.Over,
        },
        Control = row.Control,
        Who = row.ShownName,
        Why = row.Reason,
    };
}
