using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Certificates;

namespace Montalegre.Vdi.Broker.Tests.Certificates;

public sealed class CertificateAuthorityTests(TestBroker broker) : IClassFixture<TestBroker>
{
    private readonly CertificateAuthority _authority = broker.Services.GetRequiredService<CertificateAuthority>();

    [Theory]
    [InlineData("machine", 72)]
    [InlineData("gateway", 30 * 24)]
    public async Task Certificate_names_its_subject_lives_as_long_as_its_kind_and_chains_to_the_authority(string kind, int hours)
    {
        var (subject, peer) = (Guid.CreateVersion7(), kind == "machine" ? PeerKind.Machine : PeerKind.Gateway);

        var issued = Assert.IsType<CertificateOutcome.Issued>(await _authority.IssueAsync(Request(ECCurve.NamedCurves.nistP256, "CN=administrator"), peer, subject));

        using var certificate = X509CertificateLoader.LoadCertificate(issued.Certificate);
        Assert.Equal($"CN={subject:D}, OU={kind}", certificate.Subject);
        Assert.Equal(new PeerIdentity(peer, subject, issued.SerialNumber), PeerIdentity.From(certificate));
        Assert.Equal(hours, (issued.NotAfter - DateTimeOffset.UtcNow).TotalHours, tolerance: 0.1);
        Assert.True(broker.Services.GetRequiredService<PeerCheck>().IsOurs(certificate));
        Assert.Equal(_authority.Sha256, Convert.ToHexStringLower(SHA256.HashData(issued.Authority)));
    }

    [Fact]
    public async Task Request_for_an_authority_gets_an_ordinary_certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=evil", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));

        var issued = Assert.IsType<CertificateOutcome.Issued>(await _authority.IssueAsync(request.CreateSigningRequest(), PeerKind.Machine, Guid.CreateVersion7()));

        using var certificate = X509CertificateLoader.LoadCertificate(issued.Certificate);
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
    }

    [Fact]
    public async Task Request_with_another_curve_an_rsa_key_a_broken_signature_or_no_sense_is_refused()
    {
        using var rsa = RSA.Create(2048);
        var broken = Request(ECCurve.NamedCurves.nistP256, "CN=x");
        broken[^1] ^= 1;
        byte[][] requests =
        [
            Request(ECCurve.NamedCurves.nistP384, "CN=x"),
            new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest(),
            broken, [], [0x30, 0x80], new byte[5000],
        ];

        foreach (var request in requests)
            Assert.IsType<CertificateOutcome.Refused>(await _authority.IssueAsync(request, PeerKind.Machine, Guid.CreateVersion7()));
    }

    [Fact]
    public async Task Every_truncation_of_a_request_is_refused()
    {
        var whole = Request(ECCurve.NamedCurves.nistP256, "CN=x");

        for (var length = 0; length < whole.Length; length++)
            Assert.IsType<CertificateOutcome.Refused>(await _authority.IssueAsync(whole.AsMemory(0, length), PeerKind.Machine, Guid.CreateVersion7()));
    }

    [Fact]
    public async Task Key_of_the_authority_is_not_in_the_database()
    {
        await using var connection = await broker.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);

        var box = await connection.QuerySingleAsync<byte[]>("select wrapped_key from authority");

        byte[] curve = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];   // stands in every plain key
        Assert.Equal(-1, box.AsSpan().IndexOf(curve));
    }

    private static byte[] Request(ECCurve curve, string subject)
    {
        using var key = ECDsa.Create(curve);
        return new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequest();
    }
}
