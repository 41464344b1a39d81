using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests.Desktops;

/// <summary>
/// An RDP server over libfreerdp that takes every device and says in lines what came: "drive pasta", "opened URBDRC", "refused
/// AUDIO_INPUT". It is compiled here from <c>device_server.c</c>; each start serves one connection.
/// </summary>
public sealed class DeviceServer : IAsyncLifetime
{
    private static readonly string[] Needed = ["/usr/bin/gcc", "/usr/bin/pkg-config", "/usr/include/freerdp2/freerdp/peer.h", "/usr/bin/xfreerdp", "/usr/bin/Xvfb"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _directory = Directory.CreateTempSubdirectory("device-server-").FullName;
    private string? _missing;

    public byte[] CertificateSha256 { get; private set; } = [];

    public void Require() => Assert.SkipWhen(_missing is not null, _missing ?? "");

    public async ValueTask InitializeAsync()
    {
        _missing = Needed.FirstOrDefault(f => !File.Exists(f)) is { } file ? $"{file} is missing; install gcc, pkg-config, freerdp2-dev, freerdp2-x11 and xvfb." : null;
        if (_missing is not null) return;
        await OwnProcess.RunAsync("/bin/sh", "-c",
            $"gcc -Wall -Wextra -Wno-deprecated-declarations -o {Program} {Checkout.Path("tests/Gateway.Tests/Desktops/device_server.c")} $(pkg-config --cflags --libs freerdp-server2 freerdp2 winpr2)");
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=devices.test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        CertificateSha256 = SHA256.HashData(certificate.RawData);
        await File.WriteAllTextAsync(Certificate, certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(Key, key.ExportPkcs8PrivateKeyPem());
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return default;
    }

    /// <summary>Starts it for one connection; its output is what it took.</summary>
    public async Task<(OwnProcess Process, IPEndPoint Address)> StartAsync()
    {
        var address = new IPEndPoint(IPAddress.Loopback, LoopbackPorts.Free());
        var process = OwnProcess.Start(Program, [$"{address.Port}", Certificate, Key], ("HOME", _directory));
        Assert.True(await Eventually.IsTrueAsync(() => process.Output.Contains("listening", StringComparison.Ordinal), Patience), process.Output);
        return (process, address);
    }

    private string Program => Path.Combine(_directory, "device_server");

    private string Certificate => Path.Combine(_directory, "cert.pem");

    private string Key => Path.Combine(_directory, "key.pem");
}
