using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>One row of audit_event.</summary>
internal sealed record AuditRow(
    long AuditId, DateTimeOffset At, string Actor, string Action, string ObjectKind, Guid? ObjectId, string ObjectName, string Outcome, string SourceAddress, string Reference)
{
    public AuditEvent ToMessage() => new()
    {
        AuditId = AuditId,
        At = At.ToTimestamp(),
        Actor = Actor,
        Action = Action,
        ObjectKind = ObjectKind,
        ObjectId = ObjectId?.ToString() ?? "",
        ObjectName = ObjectName,
        Outcome = Outcome,
        SourceAddress = SourceAddress,
        Reference = Reference,
    };
}
