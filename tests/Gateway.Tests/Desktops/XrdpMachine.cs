using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests.Desktops;

/// <summary>A real xrdp with its own sesman, certificate and Linux account, beside any other on this computer.</summary>
/// <remarks>xrdp reads sesman's port from a fixed file, so both run in a mount namespace of their own;
    /// there they find no sockets of X servers that were killed, which would fill their range of displays.</remarks>
public class XrdpMachine : IAsyncLifetime
{
    public const string DesktopColor = "#2266CC";
    private static readonly string[] Needed = ["/usr/sbin/xrdp", "/usr/sbin/xrdp-sesman", "/usr/lib/xorg/modules/libxorgxrdp.so", "/usr/bin/xsetroot", "/usr/bin/xfreerdp", "/usr/bin/Xvfb", "/usr/bin/import"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("xrdp-test-").FullName;
    private OwnProcess? _xrdp;
    private string? _missing;

    /// <summary>Shell commands that the session runs before it waits for its end.</summary>
    protected virtual string Programs => "";

    /// <summary>Static channels beside clipboard and dynamic ones, as lines of xrdp.ini.</summary>
    protected virtual string MoreChannels => "";

    // Several machines may run at once, in this process and beside it.
    public string UserName { get; } = $"gwt{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";

    public string Password { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(12));

    public IPEndPoint Address { get; private set; } = new(IPAddress.Loopback, 0);

    public byte[] CertificateSha256 { get; private set; } = [];

    /// <summary>Skips the test where a real desktop cannot be had, and says what is missing.</summary>
    public void Require() => Assert.SkipWhen(_missing is not null, _missing ?? "");

    public async ValueTask InitializeAsync()
    {
        _missing = Environment.UserName != "root" ? "A real desktop session needs root: the test makes its own Linux account."
            : Needed.FirstOrDefault(f => !File.Exists(f)) is { } file ? $"{file} is missing; install xrdp, xorgxrdp, freerdp2-x11, xvfb, x11-xserver-utils and imagemagick."
            : null;
        if (_missing is not null) return;

        File.SetUnixFileMode(_directory, (UnixFileMode)0b111_101_101);
        await OwnProcess.RunAsync("/usr/sbin/useradd", "--create-home", "--shell", "/bin/sh", UserName);
        await OwnProcess.RunAsync("/bin/sh", "-c", $"echo '{UserName}:{Password}' | /usr/sbin/chpasswd");
        WriteCertificate();
        var sesmanPort = LoopbackPorts.Free();
        Address = new(IPAddress.Loopback, LoopbackPorts.Free());
        WriteConfiguration(sesmanPort);
        _xrdp = OwnProcess.Start("/usr/bin/unshare", ["--mount", "/bin/sh", "-c", $"""
            set -e
            mount --bind {InDirectory("sesman.ini")} /etc/xrdp/sesman.ini
            mkdir -p /run/xrdp
            mount -t tmpfs -o mode=1755 tmpfs /run/xrdp
            mkdir -m 3777 /run/xrdp/sockdir
            mkdir -p /tmp/.X11-unix
            mount -t tmpfs -o mode=1777 tmpfs /tmp/.X11-unix
            /usr/sbin/xrdp-sesman -n -c {InDirectory("sesman.ini")} &
            exec /usr/sbin/xrdp -n -c {InDirectory("xrdp.ini")}
            """]);
        Assert.True(await Eventually.IsTrueAsync(async () => await AcceptsAsync("::1", sesmanPort) || await AcceptsAsync("127.0.0.1", sesmanPort), Patience), $"sesman did not start: {_xrdp.Output}");
        Assert.True(await Eventually.IsTrueAsync(() => AcceptsAsync(Address), Patience), $"xrdp did not start: {_xrdp.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_xrdp is not null) await _xrdp.DisposeAsync();
        if (_missing is null)
        {
            KillProcessesOfUser();
            await OwnProcess.RunAsync("/bin/sh", "-c", $"/usr/sbin/userdel --remove --force {UserName} 2>&1 || true");
        }
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Process ids of the X servers of this machine's person: one for each session.</summary>
    public int[] Sessions() => [.. ProcessesOfUser().Where(p => p.CommandLine.StartsWith("/usr/lib/xorg/Xorg", StringComparison.Ordinal)).Select(p => p.Id).Order()];

    /// <summary>Waits until no session is left; then until sesman has forgotten it, which would still send the next person to a screen that is gone.</summary>
    public async Task<bool> NobodyIsInAsync()
    {
        if (!await Eventually.IsTrueAsync(() => Sessions().Length == 0, TimeSpan.FromMinutes(2))) return false;
        await Eventually.IsTrueAsync(() => Count("++ terminated session") >= Count("++ created session"), TimeSpan.FromSeconds(20));
        return true;
    }

    /// <summary>Whether the machine's person runs a program whose command line has this part; words are kept apart by NUL.</summary>
    public bool Runs(string part) => ProcessesOfUser().Any(p => p.CommandLine.Contains(part, StringComparison.Ordinal));

    /// <summary>Copies a text in the person's session.</summary>
    public Task CopyAsync(string text) => InSessionAsync($"printf %s '{text}' | xclip -selection clipboard -i >/dev/null 2>&1");

    /// <summary>What Ctrl-V would paste in the person's session; empty when there is nothing.</summary>
    public Task<string> PasteAsync() => InSessionAsync("timeout 10 xclip -selection clipboard -o 2>/dev/null || true");

    /// <summary>Copies a picture in the person's session, as its programs do that offer Windows bitmaps.</summary>
    public async Task CopyPictureAsync(byte[] bmp)
    {
        var file = $"/home/{UserName}/copied.bmp";
        await File.WriteAllBytesAsync(file, bmp);
        await InSessionAsync($"xclip -selection clipboard -t image/bmp -i {file} >/dev/null 2>&1");
    }

    /// <summary>The picture that would be pasted in the person's session, with its file header; empty when there is none.</summary>
    public async Task<byte[]> PastePictureAsync()
    {
        var file = $"/home/{UserName}/pasted.bmp";
        await InSessionAsync($"timeout 15 xclip -selection clipboard -t image/bmp -o > {file} 2>/dev/null || true");
        return await File.ReadAllBytesAsync(file);
    }

    /// <summary>Runs a shell command as the person, in the session and where its redirected drives are mounted; answers what it printed.</summary>
    public Task<string> InSessionAsync(string command)
    {
        var (id, server) = ProcessesOfUser().First(p => p.CommandLine.StartsWith("/usr/lib/xorg/Xorg", StringComparison.Ordinal));
        var display = server.Split('\0').First(a => a.StartsWith(':'));
        return OwnProcess.RunAsync(
            "/usr/bin/nsenter", $"--target={id}", "--mount", "--", "/usr/sbin/runuser", "-u", UserName, "--",
            "env", $"DISPLAY={display}", $"XAUTHORITY=/home/{UserName}/.Xauthority", "sh", "-c", $"cd ~; {command}");
    }

    /// <summary>Process id of the session's channel server.</summary>
    protected int ChannelServer() => ProcessesOfUser().First(p => p.CommandLine.StartsWith("/usr/sbin/xrdp-chansrv", StringComparison.Ordinal)).Id;

    /// <summary>The session's display, as <c>:210</c>.</summary>
    protected string Display() =>
        ProcessesOfUser().Select(p => p.CommandLine).First(c => c.StartsWith("/usr/lib/xorg/Xorg", StringComparison.Ordinal)).Split('\0').First(a => a.StartsWith(':'));

    /// <summary>What xrdp and sesman wrote, for the message of a test that failed.</summary>
    public string Logs => string.Join('\n', new[] { "xrdp.log", "sesman.log" }.Select(InDirectory).Where(File.Exists).Select(File.ReadAllText));

    private int Count(string words) => File.Exists(InDirectory("sesman.log")) ? File.ReadLines(InDirectory("sesman.log")).Count(l => l.Contains(words, StringComparison.Ordinal)) : 0;

    private string InDirectory(string name) => Path.Combine(_directory, name);

    private void WriteCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=machine.test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        CertificateSha256 = SHA256.HashData(certificate.RawData);
        File.WriteAllText(InDirectory("cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(InDirectory("key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    private void WriteConfiguration(int sesmanPort)
    {
        var script = InDirectory("startwm.sh");
        File.WriteAllText(script, $"#!/bin/sh\nxsetroot -solid '{DesktopColor}'\n{Programs}\nexec sleep infinity\n");
        File.SetUnixFileMode(script, (UnixFileMode)0b111_101_101);
        File.WriteAllText(InDirectory("sesman.ini"), $"""
            [Globals]
            ListenAddress=127.0.0.1
            ListenPort={sesmanPort}
            EnableUserWindowManager=false
            DefaultWindowManager={script}
            [Security]
            AllowRootLogin=false
            MaxLoginRetry=1
            AlwaysGroupCheck=false
            [Sessions]
            X11DisplayOffset={RandomNumberGenerator.GetInt32(200, 30_000)}
            MaxSessions=9
            KillDisconnected=false
            Policy=Default
            [Logging]
            LogFile={InDirectory("sesman.log")}
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
            [Chansrv]
            FuseMountName=thinclient_drives
            FileUmask=077
            [ChansrvLogging]
            LogLevel=DEBUG
            EnableSyslog=false
            [SessionVariables]
            LANG=C.UTF-8

            """);
        File.WriteAllText(InDirectory("xrdp.ini"), $"""
            [Globals]
            ini_version=1
            fork=true
            port=tcp://{Address}
            tcp_nodelay=true
            security_layer=negotiate
            crypt_level=high
            certificate={InDirectory("cert.pem")}
            key_file={InDirectory("key.pem")}
            ssl_protocols=TLSv1.2, TLSv1.3
            autorun=Xorg
            allow_channels=true
            bitmap_compression=true
            max_bpp=32
            use_fastpath=both
            [Logging]
            LogFile={InDirectory("xrdp.log")}
            LogLevel=INFO
            EnableSyslog=false
            [Channels]
            drdynvc=true
            cliprdr=true
            {MoreChannels}
            [Xorg]
            name=Xorg
            lib=libxup.so
            username=ask
            password=ask
            ip=127.0.0.1
            port=-1
            code=20

            """);
    }

    /// <summary>True when somebody listens there.</summary>
    internal static Task<bool> AcceptsAsync(IPEndPoint at) => AcceptsAsync(at.Address.ToString(), at.Port);

    private static async Task<bool> AcceptsAsync(string address, int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, port);
            return true;
        }
        catch (SocketException) { return false; }
    }

    /// <summary>The session outlives xrdp on purpose; its account is ours alone, so whatever runs under it is too.</summary>
    private void KillProcessesOfUser()
    {
        foreach (var (id, _) in ProcessesOfUser())
        {
            try { System.Diagnostics.Process.GetProcessById(id).Kill(); }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception) { /* it ended by itself */ }
        }
    }

    private List<(int Id, string CommandLine)> ProcessesOfUser()
    {
        var found = new List<(int, string)>();
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(process), out var id)
                    && File.ReadLines(Path.Combine(process, "environ")).FirstOrDefault()?.Contains($"USER={UserName}\0", StringComparison.Ordinal) == true)
                    found.Add((id, File.ReadAllText(Path.Combine(process, "cmdline"))));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended by itself between the listing and the look.
            }
        }
        return found;
    }
}
