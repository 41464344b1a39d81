using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>One record as it is read: with the names and addresses that were not erased.</summary>
internal sealed record AuditRow(
    long AuditId, DateTimeOffset At, string Actor, string Action, string ObjectKind, Guid? ObjectId, string ObjectName, string Outcome, string SourceAddress, string Reference, Guid? ActorId, Guid? SubjectId, bool Erased)
{
    public static AuditRow Of(EntryRow row, EntryTexts texts) => new(
        row.AuditId, row.At, texts.Or("actor", row.Actor), row.Action, row.ObjectKind, row.ObjectId, texts.Or("object_name", row.ObjectName), row.Outcome,
        texts.Or("source_address", row.SourceAddress), texts.Or("reference", row.Reference), row.ActorId, row.SubjectId, texts.Erased);

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
        ActorId = ActorId?.ToString() ?? "",
        SubjectId = SubjectId?.ToString() ?? "",
        Erased = Erased,
    };
}
