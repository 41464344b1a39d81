using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests.Desktops;

/// <summary>A real RDP server that lets nobody in without network level authentication: FreeRDP's shadow of a virtual screen, with a password file.</summary>
public sealed class NlaMachine : IAsyncLifetime
{
    public const int DesktopColor = 0x2D6A4F;
    private const string Size = "800x600";
    private static readonly string[] Needed = ["/usr/bin/freerdp-shadow-cli", "/usr/bin/winpr-hash", "/usr/bin/xfreerdp", "/usr/bin/Xvfb", "/usr/bin/xsetroot", "/usr/bin/import"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("nla-test-").FullName;
    private VirtualScreen? _screen;
    private OwnProcess? _shadow;
    private string? _missing;

    public string UserName => "ana";

    public string Password { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(12));

    public IPEndPoint Address { get; private set; } = new(IPAddress.Loopback, 0);

    public byte[] CertificateSha256 { get; private set; } = [];

    public string Logs => _shadow?.Output ?? "";

    public void Require() => Assert.SkipWhen(_missing is not null, _missing ?? "");

    public async ValueTask InitializeAsync()
    {
        _missing = Needed.FirstOrDefault(f => !File.Exists(f)) is { } file ? $"{file} is missing; install freerdp2-shadow-x11, winpr-utils, freerdp2-x11, xvfb, x11-xserver-utils and imagemagick." : null;
        if (_missing is not null) return;

        _screen = await VirtualScreen.StartAsync(Size);
        await OwnProcess.RunAsync("/usr/bin/xsetroot", "-display", _screen.Display, "-solid", $"#{DesktopColor:X6}");
        var sam = Path.Combine(_directory, "sam");
        await File.WriteAllTextAsync(sam, (await OwnProcess.RunAsync("/usr/bin/winpr-hash", "-u", UserName, "-p", Password, "-f", "sam")).Trim() + "\n");
        Address = new(IPAddress.Loopback, LoopbackPorts.Free());
        _shadow = OwnProcess.Start("/usr/bin/freerdp-shadow-cli", [$"/port:{Address.Port}", "/bind-address:127.0.0.1", "+auth", "/sec:nla", $"/sam-file:{sam}"], ("DISPLAY", _screen.Display), ("HOME", _directory));
        Assert.True(await Eventually.IsTrueAsync(() => XrdpMachine.AcceptsAsync(Address), Patience), $"The shadow server did not start: {_shadow.Output}");
        var certificate = Directory.EnumerateFiles(_directory, "*.crt", SearchOption.AllDirectories).Single();
        using var own = X509CertificateLoader.LoadCertificateFromFile(certificate);
        CertificateSha256 = SHA256.HashData(own.RawData);
    }

    public async ValueTask DisposeAsync()
    {
        if (_shadow is not null) await _shadow.DisposeAsync();
        if (_screen is not null) await _screen.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
