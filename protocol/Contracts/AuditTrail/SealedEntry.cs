using System.Security.Cryptography;

namespace Montalegre.Vdi.Contracts.AuditTrail;

/// <summary>One entry of the audit record as it is kept: a text about a person is empty here and stands in a box.</summary>
public sealed record SealedEntry(
    long AuditId, DateTimeOffset At, string Actor, Guid? ActorId, string Action, string ObjectKind, Guid? ObjectId, string ObjectName, Guid? SubjectId, string Outcome,
    string SourceAddress, string Reference, IReadOnlyList<PersonalBox> Boxes)
{
    private const byte Version = 1;

    /// <summary>The leaf hash (RFC 6962): SHA-256 over the leaf prefix, a version, and every field in this order.</summary>
    public byte[] Leaf()
    {
        var fields = new Canonical().Byte(MerkleTree.LeafPrefix).Byte(Version)
            .Number(AuditId).Time(At).Text(Actor).Id(ActorId).Text(Action).Text(ObjectKind).Id(ObjectId).Text(ObjectName).Id(SubjectId).Text(Outcome)
            .Text(SourceAddress).Text(Reference).Number(Boxes.Count);
        foreach (var box in Boxes.OrderBy(b => b.Person)) fields.Id(box.Person).Block(box.Box);
        return SHA256.HashData(fields.Bytes);
    }
}
