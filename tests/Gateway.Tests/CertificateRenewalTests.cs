using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Gateway.Tests.Fakes;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>The door's certificate is renewed by somebody else, as certbot does, while people are connected.</summary>
public sealed class CertificateRenewalTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-certificate-").FullName;

    private string CertificateFile => Path.Combine(_folder, "fullchain.pem");

    private string KeyFile => Path.Combine(_folder, "privkey.pem");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Renewed_files_are_shown_half_written_ones_are_not_and_open_connections_go_on()
    {
        var first = Make();
        Write(first.Certificate, first.Key);
        await using var machine = new FakeMachine();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer, null, ("Gateway:CertificateFile", CertificateFile), ("Gateway:CertificateKeyFile", KeyFile), ("Gateway:CertificateLookEvery", "00:00:01"));
        var (open, openEnd, openMachine, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        using var _ = open;
        Assert.Equal(first.Sha256, await ShownAsync(gateway));

        var second = Make();
        Write(second.Certificate, first.Key);
        Assert.True(await Eventually.IsTrueAsync(() => gateway.Log.Lines.Any(l => l.Text.StartsWith("4042", StringComparison.Ordinal)), Patience));
        Assert.Equal(first.Sha256, await ShownAsync(gateway));

        Write(second.Certificate, second.Key);
        Assert.True(await Eventually.IsTrueAsync(async () => await ShownAsync(gateway) == second.Sha256, Patience));
        var third = Make();
        Write(third.Certificate, third.Key);
        Assert.True(await Eventually.IsTrueAsync(async () => await ShownAsync(gateway) == third.Sha256, Patience));

        await openEnd.WriteAsync("still here"u8.ToArray());
        await openMachine.ReadExactlyAsync(new byte[10]).AsTask().WaitAsync(Patience);
    }

    private void Write(string certificate, string key)
    {
        File.WriteAllText(CertificateFile, certificate);
        File.WriteAllText(KeyFile, key);
    }

    private static async Task<string> ShownAsync(TestGateway gateway)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(gateway.Address.Address, gateway.Address.Port);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "gateway.test", RemoteCertificateValidationCallback = (_, _, _, _) => true }).WaitAsync(Patience);
        return tls.RemoteCertificate!.GetCertHashString(HashAlgorithmName.SHA256);
    }

    private static (string Certificate, string Key, string Sha256) Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=gateway.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return (made.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), made.GetCertHashString(HashAlgorithmName.SHA256));
    }
}
