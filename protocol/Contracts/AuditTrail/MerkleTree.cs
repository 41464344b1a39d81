using System.Security.Cryptography;

namespace Montalegre.Vdi.Contracts.AuditTrail;

/// <summary>The Merkle tree hash of RFC 6962, section 2.1, over SHA-256: leaves and nodes begin with different bytes.</summary>
public static class MerkleTree
{
    internal const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;

    /// <param name="leaves">Leaf hashes, already made with the leaf prefix.</param>
    public static byte[] Root(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 0) return SHA256.HashData([]);
        if (leaves.Length == 1) return leaves[0];
        var split = 1 << (31 - int.LeadingZeroCount(leaves.Length - 1));   // the largest power of two below the number
        Span<byte> node = stackalloc byte[1 + (2 * SHA256.HashSizeInBytes)];
        node[0] = NodePrefix;
        Root(leaves[..split]).CopyTo(node[1..]);
        Root(leaves[split..]).CopyTo(node[(1 + SHA256.HashSizeInBytes)..]);
        return SHA256.HashData(node);
    }
}
