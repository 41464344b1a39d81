using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>A real xrdp with one Linux account, whose screen this process may draw on.</summary>
internal sealed class XrdpDesktop : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _directory = Directory.CreateTempSubdirectory("montalegre-html5-").FullName;
    private OwnProcess? _xrdp;

    public string UserName { get; } = $"bench{Environment.ProcessId}";

    public string Password { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(12));

    public int Port { get; } = LoopbackPorts.Free();

    public string CertificateSha256 { get; private set; } = "";

    public static async Task<XrdpDesktop> StartAsync()
    {
        if (!Environment.IsPrivilegedProcess) throw new SetUpException("The desktop for this measurement needs a Linux account of its own; run it as root.");
        var desktop = new XrdpDesktop();
        await desktop.OpenAsync();
        return desktop;
    }

    /// <summary>The session's display, for example 851, once somebody signed in.</summary>
    public async Task<int> DisplayAsync()
    {
        var file = Path.Combine(_directory, "display");
        if (!await Eventually.IsTrueAsync(() => File.Exists(file) && new FileInfo(file).Length > 0, Patience)) throw new InvalidOperationException("The session did not start.");
        return (int)double.Parse((await File.ReadAllTextAsync(file)).Trim().TrimStart(':'), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (_xrdp is not null) await _xrdp.DisposeAsync();
        foreach (var process in OwnProcesses()) process.Kill();
        await OwnProcess.RunAsync("/bin/sh", "-c", $"/usr/sbin/userdel --remove --force {UserName} 2>&1 || true");
        Directory.Delete(_directory, recursive: true);
    }

    private async Task OpenAsync()
    {
        File.SetUnixFileMode(_directory, (UnixFileMode)0b111_111_111);
        await OwnProcess.RunAsync("/usr/sbin/useradd", "--create-home", "--shell", "/bin/sh", UserName);
        await OwnProcess.RunAsync("/bin/sh", "-c", $"echo '{UserName}:{Password}' | /usr/sbin/chpasswd");
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=machine.test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        CertificateSha256 = Convert.ToHexString(SHA256.HashData(certificate.RawData));
        await WriteAsync("cert.pem", certificate.ExportCertificatePem());
        await WriteAsync("key.pem", key.ExportPkcs8PrivateKeyPem());
        await WriteAsync("startwm.sh", $"#!/bin/sh\nxhost + >/dev/null\nxsetroot -solid '#2266CC'\necho $DISPLAY > {_directory}/display\nexec sleep infinity\n");
        File.SetUnixFileMode(Path.Combine(_directory, "startwm.sh"), (UnixFileMode)0b111_101_101);
        var sesman = LoopbackPorts.Free();
        await WriteAsync("sesman.ini", $"""
            [Globals]
            ListenAddress=127.0.0.1
            ListenPort={sesman}
            EnableUserWindowManager=false
            DefaultWindowManager={_directory}/startwm.sh
            [Security]
            AllowRootLogin=false
            [Sessions]
            X11DisplayOffset={RandomNumberGenerator.GetInt32(200, 30_000)}
            MaxSessions=4
            KillDisconnected=false
            [Logging]
            LogFile={_directory}/sesman.log
            LogLevel=INFO
            EnableSyslog=false
            [Xorg]
            param=/usr/lib/xorg/Xorg
            param=-config
            param=xrdp/xorg.conf
            param=-noreset
            param=-nolisten
            param=tcp
            param=-logfile
            param=.xorgxrdp.%s.log

            """);
        await WriteAsync("xrdp.ini", $"""
            [Globals]
            ini_version=1
            fork=true
            port=tcp://127.0.0.1:{Port}
            security_layer=negotiate
            crypt_level=high
            certificate={_directory}/cert.pem
            key_file={_directory}/key.pem
            ssl_protocols=TLSv1.2, TLSv1.3
            autorun=Xorg
            allow_channels=true
            bitmap_compression=true
            max_bpp=32
            use_fastpath=both
            [Logging]
            LogFile={_directory}/xrdp.log
            LogLevel=INFO
            EnableSyslog=false
            [Channels]
            drdynvc=true
            cliprdr=true
            [Xorg]
            name=Xorg
            lib=libxup.so
            username=ask
            password=ask
            ip=127.0.0.1
            port=-1
            code=20

            """);
        _xrdp = OwnProcess.Start("/usr/bin/unshare", ["--mount", "/bin/sh", "-c", $"""
            set -e
            mount --bind {_directory}/sesman.ini /etc/xrdp/sesman.ini
            mkdir -p /run/xrdp
            mount -t tmpfs -o mode=1755 tmpfs /run/xrdp
            mkdir -m 3777 /run/xrdp/sockdir
            /usr/sbin/xrdp-sesman -n -c {_directory}/sesman.ini &
            exec /usr/sbin/xrdp -n -c {_directory}/xrdp.ini
            """]);
        if (!await Eventually.IsTrueAsync(() => AcceptsAsync(Port), Patience) || !await Eventually.IsTrueAsync(() => AcceptsAsync(sesman), Patience))
            throw new InvalidOperationException($"xrdp did not start: {_xrdp.Output}");
    }

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(_directory, name), text);

    private static async Task<bool> AcceptsAsync(int port)
    {
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(address, port);
                return true;
            }
            catch (SocketException) { /* not there yet, or not on this one */ }
        }
        return false;
    }

    /// <summary>The session outlives xrdp on purpose; its account is ours alone.</summary>
    private IEnumerable<System.Diagnostics.Process> OwnProcesses()
    {
        foreach (var process in System.Diagnostics.Process.GetProcesses())
        {
            string environment;
            try { environment = File.ReadAllText($"/proc/{process.Id}/environ"); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { continue; }
            if (environment.Contains($"USER={UserName}\0", StringComparison.Ordinal)) yield return process;
        }
    }
}
