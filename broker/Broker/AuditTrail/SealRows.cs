namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>One row of audit_event as it is kept, and the texts about people that wait beside it (JSON by person and field; null once sealed).</summary>
internal sealed record EntryRow(
    long AuditId, DateTimeOffset At, string Actor, Guid? ActorId, string Action, string ObjectKind, Guid? ObjectId, string ObjectName, Guid? SubjectId, string Outcome,
    string SourceAddress, string Reference, string? Texts = null)
{
    public Contracts.AuditTrail.SealedEntry With(IReadOnlyList<Contracts.AuditTrail.PersonalBox> boxes) =>
        new(AuditId, At, Actor, ActorId, Action, ObjectKind, ObjectId, ObjectName, SubjectId, Outcome, SourceAddress, Reference, boxes);
}

/// <summary>One row of audit_person.</summary>
internal sealed record PersonRow(Guid PersonId, byte[]? SealedKey);

/// <summary>One row of audit_key.</summary>
internal sealed record KeyRow(int KeyNo, byte[] PublicKey, byte[] SealedKey, DateTimeOffset CreatedAt);

/// <summary>One row of audit_personal.</summary>
internal sealed record BoxRow(long AuditId, Guid PersonId, byte[] Box);

/// <summary>One row of audit_leaf.</summary>
internal sealed record LeafRow(long BatchNo, long AuditId, byte[] Leaf);
