using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>The installation's authority: made once, shared by all nodes, trusted by agents and gateways alone.</summary>
internal sealed class CertificateAuthority(
    CertificateStore store, SecretBox secrets, KeyRing keys, IOptions<HostingOptions> hosting, TimeProvider time, ILogger<CertificateAuthority> log) : IDisposable
{
    private static readonly TimeSpan MachineLifetime = TimeSpan.FromHours(72);
    private static readonly TimeSpan GatewayLifetime = TimeSpan.FromDays(30);
    private X509Certificate2? _authority;

    /// <summary>The authority's certificate, without its key.</summary>
    public X509Certificate2 Certificate { get; private set; } = null!;

    /// <summary>SHA-256 of the certificate's DER in lower-case hexadecimal, as it stands in a join document.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Certificate.RawData));

    /// <summary>Start-up: loads the authority, or makes it if this installation has none. The database decides a race.</summary>
    public async Task LoadAsync(CancellationToken ct)
    {
        var stored = await store.FindAuthorityAsync(ct);
        if (stored is null)
        {
            stored = await store.KeepAuthorityAsync(Make());
            log.AuthorityMade(stored.AuthorityId);
        }
        var privateKey = secrets.Open(stored.WrappedKey, Place(stored.AuthorityId))
            ?? throw new StartUpException(secrets.MissingKey(stored.WrappedKey) is { } missing
                ? $"This database is sealed by key {missing}, and no key {keys.Path}* is that one. Copy the key file of the first node (all of them after a rotation), or restore it from its backup."
                : $"The key-encryption key {keys.Path} is not the one this database was set up with. Copy the key file of the first node, or restore it from its backup.");
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(privateKey, out _);
        CryptographicOperations.ZeroMemory(privateKey);
        Certificate = X509CertificateLoader.LoadCertificate(stored.Certificate);
        _authority = Certificate.CopyWithPrivateKey(ecdsa);
        await File.WriteAllTextAsync(Path.Combine(hosting.Value.StateDirectory, "authority.pem"), Certificate.ExportCertificatePem() + "\n", ct);
    }

    /// <summary>Answers a certificate request of a peer that has proved itself. Subject and lifetime are ours, only the key is the peer's.</summary>
    public async Task<CertificateOutcome> IssueAsync(ReadOnlyMemory<byte> request, PeerKind kind, Guid subject)
    {
        if (CertificateRequests.Read(request) is not { } publicKey)
            return new CertificateOutcome.Refused("The request must be a PKCS#10 in DER, signed with its own ECDSA P-256 key.");
        var notAfter = time.GetUtcNow() + (kind is PeerKind.Machine ? MachineLifetime : GatewayLifetime);
        using var certificate = Sign(CertificateRequests.ForPeer(PeerIdentity.Subject(kind, subject), publicKey), notAfter);
        await store.RecordAsync(certificate.SerialNumber, kind, subject, new DateTimeOffset(certificate.NotAfter));
        log.CertificateIssued(kind, subject, certificate.SerialNumber);
        return new CertificateOutcome.Issued(certificate.RawData, Certificate.RawData, certificate.SerialNumber, new DateTimeOffset(certificate.NotAfter));
    }

    /// <summary>A server certificate with a fresh key, for the broker itself and for demonstrations.</summary>
    public X509Certificate2 IssueServer(IEnumerable<string> names, TimeSpan lifetime)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Sign(CertificateRequests.ForServer(names, ecdsa), time.GetUtcNow() + lifetime);
        return certificate.CopyWithPrivateKey(ecdsa);
    }

    public void Dispose()
    {
        _authority?.Dispose();
        Certificate?.Dispose();
    }

    private X509Certificate2 Sign(CertificateRequest request, DateTimeOffset notAfter)
    {
        var authority = _authority ?? throw new InvalidOperationException("The authority is not loaded yet.");
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);   // positive, and always 16 bytes long
        // Peers' clocks may be a little behind; five minutes is what we forgive.
        return request.Create(authority, time.GetUtcNow().AddMinutes(-5), notAfter, serial);
    }

    private StoredAuthority Make()
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = CertificateRequests.ForAuthority(id, ecdsa).CreateSelfSigned(time.GetUtcNow().AddMinutes(-5), time.GetUtcNow().AddDays(3650));
        var privateKey = ecdsa.ExportPkcs8PrivateKey();
        var stored = new StoredAuthority(id, certificate.RawData, secrets.Seal(privateKey, Place(id)));
        CryptographicOperations.ZeroMemory(privateKey);
        return stored;
    }

    private static string Place(Guid id) => $"authority.wrapped_key:{id:D}";
}

/// <summary>What became of a certificate request.</summary>
internal abstract record CertificateOutcome
{
    private CertificateOutcome() { }

    /// <summary>Certificate and authority in DER.</summary>
    public sealed record Issued(byte[] Certificate, byte[] Authority, string SerialNumber, DateTimeOffset NotAfter) : CertificateOutcome;

    /// <summary>Answer with <c>CERTIFICATE_REQUEST_INVALID</c>.</summary>
    public sealed record Refused(string Detail) : CertificateOutcome;
}
