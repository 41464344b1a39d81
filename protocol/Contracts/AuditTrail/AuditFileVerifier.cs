using System.Security.Cryptography;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Contracts.AuditTrail;

/// <summary>What an exported record proved to be.</summary>
/// <param name="First">The first batch in it; what is before it was not looked at.</param>
/// <param name="BadLine">A line that is none of a record, counted from 1; zero: none.</param>
/// <param name="Keys">Fingerprints (SHA-256, hexadecimal) of the keys that were believed.</param>
public sealed record AuditFileReport(AuditFinding? Finding, long BadLine, long First, BatchHead? Head, long Batches, long Entries, IReadOnlyList<string> Keys);

/// <summary>Verifies an exported record with nothing but the file and, from elsewhere, the public key and a head.</summary>
public static class AuditFileVerifier
{
    /// <param name="lines">Of the file, in order.</param>
    /// <param name="trustedKey">SubjectPublicKeyInfo that was kept elsewhere; null: the file's own keys are believed.</param>
    /// <param name="keptHead">Hash of a head that was kept elsewhere and must be in the file; null: whatever the end is is believed.</param>
    public static AuditFileReport Run(IEnumerable<string> lines, byte[]? trustedKey, byte[]? keptHead)
    {
        long number = 0, first = 0;
        AuditChain? chain = null;
        IReadOnlyDictionary<int, byte[]> keys = new Dictionary<int, byte[]>();
        var leaves = new List<AuditLeaf>();
        AuditFinding? finding = null;
        var headSeen = keptHead is null;
        try
        {
            foreach (var text in lines)
            {
                number++;
                var line = AuditFile.Read(text);
                if (chain is null)
                {
                    if (line?.Begin is not { } begin || !AuditFile.IsOurs(begin)) return Report(number);
                    keys = trustedKey is null ? begin.PublicKeys : begin.PublicKeys.Where(k => k.Value.AsSpan().SequenceEqual(trustedKey)).ToDictionary();
                    chain = new AuditChain(keys);
                }
                else if (line?.Leaf is { } leaf)
                {
                    leaves.Add(new(leaf.AuditId, leaf.Hash, EntryOf(line)));
                    // What stands in clear must be what the box holds, or a reader could be shown anything.
                    if (line.Boxes?.All(box => SaysWhatIsInIt(leaf.AuditId, box)) == false) finding = new(AuditFault.EntryChanged, (chain.Head?.BatchNo ?? 0) + 1, leaf.AuditId);
                }
                else if (line?.Head is { } head)
                {
                    if (first == 0) first = head.BatchNo;
                    finding = finding is null ? chain.Add(head, leaves) : finding with { Batch = head.BatchNo };
                    if (finding is not null) break;
                    headSeen = headSeen || chain.Head!.Hash().AsSpan().SequenceEqual(keptHead);
                    leaves.Clear();
                }
                else
                {
                    return Report(number);
                }
            }
            if (chain is null) return Report(1);
            if (finding is null && leaves.Count > 0) finding = new(AuditFault.BatchMissing, (chain.Head?.BatchNo ?? 0) + 1);
            if (finding is null && !headSeen) finding = new(AuditFault.Shortened, (chain.Head?.BatchNo ?? 0) + 1);
            return Report(0);
        }
        finally
        {
            chain?.Dispose();
        }

        AuditFileReport Report(long badLine) => new(finding, badLine, first, chain?.Head, chain?.Batches ?? 0, chain?.Entries ?? 0, [.. keys.Values.Select(k => Convert.ToHexStringLower(SHA256.HashData(k)))]);
    }

    private static SealedEntry? EntryOf(AuditFile.Lines line) =>
        line.Entry is null ? null : line.Entry with { Boxes = [.. (line.Boxes ?? []).Select(b => new PersonalBox(b.Person, b.Box))] };

    private static bool SaysWhatIsInIt(long entry, AuditFile.OpenedBox box)
    {
        if (box.Key is null) return box.Says is null;
        var inside = new PersonalBox(box.Person, box.Box).Open(entry, box.Key);
        return inside is not null && box.Says is not null && inside.Count == box.Says.Count && inside.All(t => box.Says.GetValueOrDefault(t.Key) == t.Value);
    }
}
