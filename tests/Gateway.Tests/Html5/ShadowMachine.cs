using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>A real RDP server that sends H.264: FreeRDP's shadow server over a virtual screen with something that moves.</summary>
public sealed class ShadowMachine : IAsyncLifetime
{
    private static readonly string[] Needed = ["/usr/bin/freerdp-shadow-cli", "/usr/bin/Xvfb", "/usr/bin/xsetroot"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _home = Directory.CreateTempSubdirectory("shadow-test-").FullName;
    private VirtualScreen? _screen;
    private readonly List<OwnProcess> _processes = [];
    private string? _missing;

    public IPEndPoint Address { get; } = new(IPAddress.Loopback, LoopbackPorts.Free());

    public byte[] CertificateSha256 { get; private set; } = [];

    public void Require() => Assert.SkipWhen(_missing is not null, _missing ?? "");

    public async ValueTask InitializeAsync()
    {
        _missing = Needed.FirstOrDefault(f => !File.Exists(f)) is { } file ? $"{file} is missing; install freerdp2-shadow-x11, xvfb and x11-xserver-utils." : null;
        if (_missing is not null) return;
        _screen = await VirtualScreen.StartAsync("1024x768");
        // Something changes ten times a second, or there would be one picture and no more.
        _processes.Add(OwnProcess.Start("/bin/sh", ["-c", "while true; do xsetroot -solid '#2266CC'; sleep 0.1; xsetroot -solid '#CC6622'; sleep 0.1; done"], ("DISPLAY", _screen.Display)));
        _processes.Add(OwnProcess.Start("/usr/bin/freerdp-shadow-cli", [$"/port:{Address.Port}", $"/bind-address:{Address.Address}", "-auth", "/sec:tls"], ("DISPLAY", _screen.Display), ("HOME", _home)));
        Assert.True(await Eventually.IsTrueAsync(ReadCertificateAsync, Patience), _processes[^1].Output);
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _processes.Count - 1; i >= 0; i--) await _processes[i].DisposeAsync();
        if (_screen is not null) await _screen.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    private async Task<bool> ReadCertificateAsync()
    {
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(Address);
            await using var network = new NetworkStream(socket);
            await network.WriteAsync(RawClient.Request(null, SecurityProtocols.Tls));
            await network.ReadExactlyAsync(new byte[19]);
            await using var tls = new SslStream(network, leaveInnerStreamOpen: true, (_, _, _, _) => true);
            await tls.AuthenticateAsClientAsync("machine.test");
            CertificateSha256 = SHA256.HashData(tls.RemoteCertificate!.GetRawCertData());
            return true;
        }
        catch (Exception e) when (e is SocketException or IOException or System.Security.Authentication.AuthenticationException) { return false; }
    }
}
