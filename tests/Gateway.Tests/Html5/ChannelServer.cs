using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>
/// The server side of libfreerdp's own sound, microphone, device and display channels (native/shim/tests). It stands in for Windows, which
/// is not at hand, and for xrdp, which has no sound module in Debian 12, takes no printers and makes one monitor of several.
/// </summary>
internal sealed class ChannelServer : IAsyncDisposable
{
    private static readonly string Program = Checkout.Path("artifacts/shim/channel-server");
    private readonly string _directory = Directory.CreateTempSubdirectory("channels-test-").FullName;
    private OwnProcess? _process;

    public IPEndPoint Address { get; } = new(IPAddress.Loopback, LoopbackPorts.Free());

    public byte[] CertificateSha256 { get; private set; } = [];

    /// <summary>What the machine heard through the microphone.</summary>
    public string Heard => Path.Combine(_directory, "heard");

    public string Output => _process?.Output ?? "";

    /// <param name="mode">sound, microphone, print or monitors.</param>
    /// <param name="document">What is printed; or how many monitors the machine takes.</param>
    public static async Task<ChannelServer> StartAsync(string mode, string? document = null)
    {
        Assert.SkipWhen(!File.Exists(Program), "The channel server is not built; run the tests by dev.cs, which builds it.");
        var server = new ChannelServer();
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=machine.test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        server.CertificateSha256 = SHA256.HashData(certificate.RawData);
        var (pem, keyPem) = (Path.Combine(server._directory, "cert.pem"), Path.Combine(server._directory, "key.pem"));
        await File.WriteAllTextAsync(pem, certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(keyPem, key.ExportRSAPrivateKeyPem());
        string[] arguments = [server.Address.Address.ToString(), server.Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), pem, keyPem, mode];
        server._process = OwnProcess.Start(Program, mode == "sound" ? arguments : [.. arguments, document ?? server.Heard], ("HOME", server._directory));
        Assert.True(await Eventually.IsTrueAsync(() => XrdpMachine.AcceptsAsync(server.Address), TimeSpan.FromSeconds(60)), server.Output);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
