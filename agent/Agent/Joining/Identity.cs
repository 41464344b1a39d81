using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Agent.Joining;

/// <summary>What a machine is to its broker once it has joined.</summary>
/// <param name="Channel">Where the broker listens for this machine.</param>
/// <param name="Certificate">The machine's certificate with its private key.</param>
/// <param name="Authority">The installation's CA: the only issuer of a broker that this machine believes.</param>
/// <param name="TokenSha256">Hash of the join token that made it, so that a fresh document is told from a used one.</param>
internal sealed record Identity(string MachineId, Uri Channel, X509Certificate2 Certificate, X509Certificate2 Authority, string TokenSha256)
{
    public string AuthoritySha256 => Convert.ToHexStringLower(SHA256.HashData(Authority.RawData));

    public DateTimeOffset NotAfter => Certificate.NotAfter.ToUniversalTime();

    /// <summary>Renewal is due at two thirds of the certificate's life.</summary>
    public DateTimeOffset RenewAt
    {
        get
        {
            DateTimeOffset from = Certificate.NotBefore.ToUniversalTime();
            return from + ((NotAfter - from) * 2 / 3);
        }
    }
}
