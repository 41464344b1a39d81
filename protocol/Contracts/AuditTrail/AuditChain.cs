using System.Security.Cryptography;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Contracts.AuditTrail;

/// <summary>One leaf of a batch as it was read: what was sealed, and what the entry is now. Null: no such entry.</summary>
public sealed record AuditLeaf(long AuditId, byte[] Sealed, SealedEntry? Entry);

/// <summary>Something that does not verify, and where.</summary>
/// <param name="Entry">Zero when it is not one entry's fault.</param>
public sealed record AuditFinding(AuditFault Fault, long Batch, long Entry = 0);

/// <summary>
/// Follows a chain of batches from one to the next and says the first thing that is wrong. No I/O: broker, console and the offline verifier
/// feed it what they read. It may begin anywhere; whatever is before its first batch it does not know.
/// </summary>
/// <param name="publicKeys">SubjectPublicKeyInfo by number.</param>
public sealed class AuditChain(IReadOnlyDictionary<int, byte[]> publicKeys) : IDisposable
{
    private readonly Dictionary<int, ECDsa> _keys = [];

    /// <summary>The newest head that was good.</summary>
    public BatchHead? Head { get; private set; }

    public long Batches { get; private set; }

    public long Entries { get; private set; }

    /// <param name="leaves">Of this batch, in the order of their numbers.</param>
    public AuditFinding? Add(BatchHead head, IReadOnlyList<AuditLeaf> leaves)
    {
        if (Head is null ? head.BatchNo == 1 && !head.Previous.AsSpan().SequenceEqual(BatchHead.BeforeAll) : head.BatchNo == Head.BatchNo + 1 && !head.Previous.AsSpan().SequenceEqual(Head.Hash()))
            return new(AuditFault.ChainBroken, head.BatchNo);
        if (Head is not null && head.BatchNo != Head.BatchNo + 1) return new(AuditFault.BatchMissing, Head.BatchNo + 1);
        if (KeyOf(head.KeyNo) is not { } key) return new(AuditFault.KeyUnknown, head.BatchNo);
        if (!head.IsSignedBy(key)) return new(AuditFault.SignatureWrong, head.BatchNo);
        foreach (var leaf in leaves)
        {
            if (leaf.Entry is null) return new(AuditFault.EntryMissing, head.BatchNo, leaf.AuditId);
            if (leaf.Entry.AuditId != leaf.AuditId || !leaf.Entry.Leaf().AsSpan().SequenceEqual(leaf.Sealed)) return new(AuditFault.EntryChanged, head.BatchNo, leaf.AuditId);
        }
        if (leaves.Count != head.Entries || !MerkleTree.Root([.. leaves.Select(l => l.Sealed)]).AsSpan().SequenceEqual(head.Root)) return new(AuditFault.RootWrong, head.BatchNo);
        (Head, Batches, Entries) = (head, Batches + 1, Entries + leaves.Count);
        return null;
    }

    public void Dispose()
    {
        foreach (var key in _keys.Values) key.Dispose();
    }

    private ECDsa? KeyOf(int number)
    {
        if (_keys.TryGetValue(number, out var known)) return known;
        if (!publicKeys.TryGetValue(number, out var spki)) return null;
        var key = ECDsa.Create();
        try { key.ImportSubjectPublicKeyInfo(spki, out _); }
        catch (CryptographicException)
        {
            key.Dispose();
            return null;   // not a key: nobody signed with it
        }
        return _keys[number] = key;
    }
}
