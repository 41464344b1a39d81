using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>FreeRDP's shadow server over a virtual screen.</summary>
internal sealed class ShadowDesktop : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _home = Directory.CreateTempSubdirectory("montalegre-shadow-").FullName;
    private readonly VirtualScreen _screen;
    private OwnProcess? _server;

    private ShadowDesktop(VirtualScreen screen) => _screen = screen;

    public int Port { get; private set; }

    public string CertificateSha256 { get; private set; } = "";

    /// <summary>Number of the X display.</summary>
    public int Display => int.Parse(_screen.Display.TrimStart(':'), CultureInfo.InvariantCulture);

    public static async Task<ShadowDesktop> StartAsync(CancellationToken ct)
    {
        var desktop = new ShadowDesktop(await VirtualScreen.StartAsync("1024x768"));
        try
        {
            await desktop.ServeAsync();
            return desktop;
        }
        catch
        {
            await desktop.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        await _screen.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    private async Task ServeAsync()
    {
        Port = LoopbackPorts.Free();
        _server = OwnProcess.Start("/usr/bin/freerdp-shadow-cli", [$"/port:{Port}", "/bind-address:127.0.0.1", "-auth", "/sec:tls"], ("DISPLAY", _screen.Display), ("HOME", _home));
        if (!await Eventually.IsTrueAsync(AcceptsAsync, Patience)) throw new InvalidOperationException($"The shadow server did not start: {_server.Output}");
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(Directory.EnumerateFiles(_home, "*.crt", SearchOption.AllDirectories).Single());
        CertificateSha256 = Convert.ToHexString(SHA256.HashData(certificate.RawData));
    }

    private async Task<bool> AcceptsAsync()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException) { return false; }
    }
}
