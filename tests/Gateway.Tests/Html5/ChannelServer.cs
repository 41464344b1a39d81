using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Rig;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>
/// The server side of libfreerdp's own sound, microphone and device channels (native/shim/tests). It stands in for Windows, which is not
/// at hand, and for xrdp, which has no sound module in Debian 12 and takes no printers.
/// </summary>
internal sealed class ChannelServer : IAsyncDisposable
{
    private static readonly string Program = Checkout.Path("artifacts/shim/channel-server");
    private readonly string _directory = Directory.CreateTempSubdirectory("channels-test-").FullName;
    private OwnProcess? _process;

    public IPEndPoint Address { get; } = new(IPAddress.Loopback, XrdpMachine.FreePort());

    public byte[] CertificateSha256 { get; private set; } = [];

    public string Output => _process?.Output ?? "";

    /// <param name="mode">sound, microphone or print.</param>
    /// <param name="file">What the microphone is written to, or what is printed.</param>
    public static async Task<ChannelServer> StartAsync(string mode, string? file = null)
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
        server._process = OwnProcess.Start(Program, file is null ? arguments : [.. arguments, file], ("HOME", server._directory));
        Assert.True(await Eventually.IsTrueAsync(server.AcceptsAsync, TimeSpan.FromSeconds(60)), server.Output);
        return server;
    }

    /// <summary>A place for a file of the test, gone with the server.</summary>
    public string Place(string name) => Path.Combine(_directory, name);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<bool> AcceptsAsync()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(Address);
            return true;
        }
        catch (SocketException) { return false; }
    }
}
