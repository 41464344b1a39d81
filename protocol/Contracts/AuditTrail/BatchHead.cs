using System.Security.Cryptography;

namespace Montalegre.Vdi.Contracts.AuditTrail;

/// <summary>What is signed of a batch of entries. It names the head before it, so that none can be taken out or put in.</summary>
/// <param name="BatchNo">From 1, without a gap.</param>
/// <param name="First">Lowest number of an entry in it. An entry that was committed late is in a later batch than its neighbours.</param>
/// <param name="Root">Merkle root of the leaves, in the order of their numbers.</param>
/// <param name="Previous">Hash of the head before; 32 zeros for the first.</param>
/// <param name="KeyNo">Which of the installation's keys signed.</param>
/// <param name="Signature">ECDSA P-256 over SHA-256, IEEE P1363 format.</param>
public sealed record BatchHead(long BatchNo, long First, long Last, int Entries, byte[] Root, byte[] Previous, DateTimeOffset SealedAt, int KeyNo, byte[] Signature)
{
    private const string Purpose = "montalegre audit batch 1";

    /// <summary>What the first head names as the one before it.</summary>
    public static byte[] BeforeAll => new byte[SHA256.HashSizeInBytes];

    public BatchHead Sign(ECDsa key) => this with { Signature = key.SignData(Said(), HashAlgorithmName.SHA256) };

    public bool IsSignedBy(ECDsa key) => key.VerifyData(Said(), Signature, HashAlgorithmName.SHA256);

    /// <summary>SHA-256 over all fields and the signature: what the next head names.</summary>
    public byte[] Hash() => SHA256.HashData([.. Said(), .. Signature]);

    private byte[] Said() => new Canonical().Text(Purpose).Number(BatchNo).Number(First).Number(Last).Number(Entries).Block(Root).Block(Previous).Time(SealedAt).Number(KeyNo).Bytes.ToArray();
}
