using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Agent.Tests;

/// <summary>
/// A pretended desktop machine on this one: real sesman, xrdp, Xorg, PAM module and agent as root, in mount and process
/// namespaces of their own, so that accounts, sockets and homes are thrown away and one kill ends everything.
/// </summary>
internal sealed class XrdpMachine : IAsyncDisposable
{
    private static readonly HashSet<int> Displays = [];
    private readonly Process _namespace;
    private readonly List<Process> _clients = [];
    private readonly StringBuilder _output = new();

    private XrdpMachine(string directory, int port, int clientDisplay, Process @namespace)
    {
        Directory = directory;
        Port = port;
        ClientDisplay = clientDisplay;
        _namespace = @namespace;
    }

    public string Directory { get; }

    public int Port { get; }

    public string Output { get { lock (_output) return _output.ToString(); } }

    public string SesmanLog => File.ReadAllText(Path.Combine(Directory, "sesman.log"));

    public byte[] CertificateSha256 => SHA256.HashData(X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(Directory, "etc", "xrdp", "cert.pem"))).RawData);

    private int ClientDisplay { get; }

    /// <summary>Null when this machine can run it, else why not.</summary>
    public static string? Missing()
    {
        if (!Environment.IsPrivilegedProcess) return "it makes namespaces and accounts; run as root";
        string[] needed = ["/usr/sbin/xrdp", "/usr/sbin/xrdp-sesman", "/usr/bin/xfreerdp", "/usr/bin/Xvfb", "/usr/bin/xmessage", "/usr/bin/gcc", "/usr/include/X11/Xlib.h", "/usr/include/security/pam_modules.h"];
        return needed.FirstOrDefault(f => !File.Exists(f)) is { } file ? $"{file} is not installed" : null;
    }

    /// <param name="document">How the agent joins.</param>
    /// <param name="program">What else runs on each desktop; a line of shell.</param>
    /// <param name="instead">A program with its arguments that each session is of, under the image's own script, in place of a desktop.</param>
    public static async Task<XrdpMachine> StartAsync(JoinDocument document, string program = "", string? instead = null)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("agent-xrdp").FullName;
        File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);
        var display = FreeDisplays();
        var (port, sesman) = (LoopbackPorts.Free(), LoopbackPorts.Free());
        File.WriteAllText(Path.Combine(directory, "join"), document.Format());
        File.WriteAllText(Path.Combine(directory, "agent.conf"), $"StateDirectory = {directory}/state\nJoinFile = {directory}/join\nDmiTable = /nowhere\nProgramScript = {directory}/program\n");
        File.Copy(Path.Combine(Root(), "agent/Image/root/usr/lib/montalegre/program"), $"{directory}/program");
        File.SetUnixFileMode($"{directory}/program", (UnixFileMode)0b111_101_101);
        File.WriteAllText(Path.Combine(directory, "wm.c"), WindowManager);
        await ToEndAsync("gcc", "-O1", "-o", $"{directory}/wm", $"{directory}/wm.c", "-lX11");
        await ToEndAsync("gcc", "-shared", "-fPIC", "-O1", "-o", $"{directory}/pam_montalegre.so", Path.Combine(Root(), "native/pam/pam_montalegre.c"), "-lpam");
        await ToEndAsync("cp", "-a", "/etc", $"{directory}/etc");
        var etc = Path.Combine(directory, "etc");
        await ToEndAsync("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=desktop", "-keyout", $"{etc}/xrdp/key.new", "-out", $"{etc}/xrdp/cert.new");
        File.Move($"{etc}/xrdp/key.new", $"{etc}/xrdp/key.pem", overwrite: true);
        File.Move($"{etc}/xrdp/cert.new", $"{etc}/xrdp/cert.pem", overwrite: true);
        Replace($"{etc}/xrdp/xrdp.ini", ("port=3389", $"port=tcp://127.0.0.1:{port}"), ("EnableSyslog=true", "EnableSyslog=false"), ("LogFile=xrdp.log", $"LogFile={directory}/xrdp.log"));
        Replace($"{etc}/xrdp/sesman.ini", ("ListenPort=3350", $"ListenPort={sesman}"), ("EnableSyslog=true", "EnableSyslog=false"), ("LogFile=xrdp-sesman.log", $"LogFile={directory}/sesman.log"), ("X11DisplayOffset=10", $"X11DisplayOffset={display + 1}"), ("EnableUserWindowManager=true", "EnableUserWindowManager=false"), ("MaxSessions=50", "MaxSessions=10"));
        File.WriteAllText($"{etc}/pam.d/xrdp-sesman", $"auth [success=done default=ignore] {directory}/pam_montalegre.so\naccount [success=done default=ignore] {directory}/pam_montalegre.so\n@include common-auth\n@include common-account\n@include common-session\nsession optional {directory}/pam_montalegre.so\n");
        File.WriteAllText($"{etc}/xrdp/startwm.sh", $"#!/bin/sh\nsetsid sleep 54321 </dev/null >/dev/null 2>&1 &\n{program}\nexec {(instead is null ? $"{directory}/wm" : $"{directory}/program {instead}")}\n");
        File.WriteAllText(Path.Combine(directory, "run"), Script(directory, sesman));

        var start = new ProcessStartInfo("unshare", ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", $"{directory}/run", AgentProgram()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        var machine = new XrdpMachine(directory, port, display, Process.Start(start)!);
        machine._namespace.OutputDataReceived += machine.Heard;
        machine._namespace.ErrorDataReceived += machine.Heard;
        machine._namespace.BeginOutputReadLine();
        machine._namespace.BeginErrorReadLine();
        machine._clients.Add(Process.Start(new ProcessStartInfo("Xvfb", [$":{display}", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-r"]) { RedirectStandardError = true })!);
        try
        {
            await Deadline.UntilAsync(() => File.Exists($"/tmp/.X11-unix/X{display}"));
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    // Ten in a row that no other machine of this run has, and no server that was killed has left its lock for.
    private static int FreeDisplays()
    {
        lock (Displays)
        {
            while (true)
            {
                var first = RandomNumberGenerator.GetInt32(20, 3_000) * 10;
                if (Enumerable.Range(first, 10).All(display => !File.Exists($"/tmp/.X{display}-lock")) && Displays.Add(first)) return first;
            }
        }
    }

    /// <summary>An ordinary RDP client; ends when the session's connection does.</summary>
    public Process Connect(string user, string secret)
    {
        var start = new ProcessStartInfo("xfreerdp", [$"/v:127.0.0.1:{Port}", $"/u:{user}", $"/p:{secret}", "/cert:ignore", "/size:800x600", "/bpp:32", "-decorations"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DISPLAY"] = $":{ClientDisplay}";
        var client = Process.Start(start)!;
        client.OutputDataReceived += Heard;
        client.ErrorDataReceived += Heard;
        client.BeginOutputReadLine();
        client.BeginErrorReadLine();
        _clients.Add(client);
        return client;
    }

    /// <summary>What the person sees: the first client's whole picture, a colour (0xRRGGBB) for each pixel.</summary>
    public async Task<IReadOnlyList<int>> PixelsAsync(string? picture = null)
    {
        var file = picture ?? Path.Combine(Directory, "seen.png");
        await ToEndAsync("env", $"DISPLAY=:{ClientDisplay}", "import", "-silent", "-window", "root", file);
        var raw = Path.Combine(Directory, "seen.rgb");
        await ToEndAsync("convert", file, "-crop", "800x600+0+0", "-depth", "8", raw);
        var bytes = await File.ReadAllBytesAsync(raw);
        return [.. bytes.Chunk(3).Select(p => (p[0] << 16) | (p[1] << 8) | p[2])];
    }

    /// <summary>Types at the client, like the person, and waits until the user's desktop (the machine's first) has heard all of it.</summary>
    public async Task TypeAsync(string user, string text)
    {
        await OnClientAsync("mousemove", "300", "200", "click", "1");
        await OnClientAsync("type", "--delay", "40", text);
        await OnClientAsync("key", "Return");
        // What a client is told arrives in order: where the pointer is now, the keys were before.
        await OnClientAsync("mousemove", "500", "400");
        await Deadline.UntilAsync(() => PointerInside(user).StartsWith("x:500 y:400 ", StringComparison.Ordinal), TimeSpan.FromSeconds(60));

        Task OnClientAsync(params string[] arguments) => ToEndAsync("env", [$"DISPLAY=:{ClientDisplay}", "xdotool", .. arguments]);
    }

    private string PointerInside(string user)
    {
        if (Inside().FirstOrDefault() is not (> 0 and var inside)) return "";
        using var asked = Process.Start(new ProcessStartInfo("nsenter", ["--target", $"{inside}", "--mount", "env", $"DISPLAY=:{ClientDisplay + 1}", $"XAUTHORITY=/home/{user}/.Xauthority", "xdotool", "getmouselocation"]) { RedirectStandardOutput = true })!;
        return asked.StandardOutput.ReadToEnd();
    }

    /// <summary>A file of the machine, as it is there; empty where it is not.</summary>
    public string ReadInside(string path)
    {
        var root = Inside().FirstOrDefault();
        return root != 0 && File.Exists($"/proc/{root}/root{path}") ? File.ReadAllText($"/proc/{root}/root{path}") : "";
    }

    /// <summary>Ends the machine's programs of that name by a signal that none can refuse, once there are as many: what was started may still be a shell, and a child still its parent.</summary>
    public async Task KillInsideAsync(string program, int count = 1)
    {
        List<int> named = [];
        await Deadline.UntilAsync(() => (named = Inside().FindAll(pid => Seen(pid) is { } seen && Path.GetFileName(seen.Line[0]) == program)).Count == count);
        foreach (var pid in named)
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
    }

    private List<int> Inside() => [.. Process.GetProcesses().Select(p => { using (p) return p.Id; }).Where(IsInsideOrGone)];

    /// <summary>Command lines of the machine's processes that contain a text.</summary>
    public IReadOnlyList<string> Running(string text)
    {
        var found = new List<string>();
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                try
                {
                    var line = File.ReadAllText($"/proc/{process.Id}/cmdline").Replace('\0', ' ');
                    if (line.Contains(text, StringComparison.Ordinal) && IsInside(process.Id)) found.Add(line);
                }
                catch (IOException)
                {
                }
            }
        }
        return found;
    }

    /// <summary>On whose screens a program shows something: it runs as the one whose X server it names.</summary>
    public IReadOnlyList<string> OwnersOf(string program)
    {
        var inside = Process.GetProcesses().Select(p => { using (p) return p.Id; }).Where(IsInsideOrGone).Select(Seen).OfType<(string[] Line, string[] Environment, string Uid)>().ToList();
        return [.. from p in inside
                   where Path.GetFileName(p.Line[0]) == program
                   let display = p.Environment.FirstOrDefault(v => v.StartsWith("DISPLAY=", StringComparison.Ordinal))?["DISPLAY=".Length..]
                   where display is not null && inside.Any(x => Path.GetFileName(x.Line[0]) == "Xorg" && x.Line.Contains(display) && x.Uid == p.Uid)
                   select Path.GetFileName(p.Environment.Single(v => v.StartsWith("HOME=", StringComparison.Ordinal)))];
    }

    private bool IsInsideOrGone(int pid)
    {
        try { return IsInside(pid); }
        catch (IOException) { return false; }
    }

    private static (string[] Line, string[] Environment, string Uid)? Seen(int pid)
    {
        try
        {
            return (File.ReadAllText($"/proc/{pid}/cmdline").Split('\0'), File.ReadAllText($"/proc/{pid}/environ").Split('\0'),
                File.ReadLines($"/proc/{pid}/status").Single(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1]);
        }
        catch (IOException) { return null; }   // it ended meanwhile
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Kill();
            await client.WaitForExitAsync();
            client.Dispose();
        }
        _namespace.Kill();
        await _namespace.WaitForExitAsync();
        _namespace.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private bool IsInside(int pid) => new FileInfo($"/proc/{pid}/ns/pid").LinkTarget == new FileInfo($"/proc/{_namespace.Id}/ns/pid_for_children").LinkTarget;

    private void Heard(object? sender, DataReceivedEventArgs line)
    {
        lock (_output) _output.AppendLine(line.Data);
    }

    private static string Script(string directory, int sesman) => $"""
        set -e
        mount --make-rprivate /
        mount -t tmpfs tmpfs /run
        mkdir -p /run/xrdp /run/lock
        mkdir -p /tmp/.X11-unix
        mount -t tmpfs -o mode=1777 tmpfs /tmp/.X11-unix
        mount -t tmpfs tmpfs /home
        mount --bind {directory}/etc /etc
        chmod 755 /etc/xrdp/startwm.sh
        xrdp-sesman -n -c /etc/xrdp/sesman.ini > /dev/null 2>&1 &
        until grep -qs ":{sesman:X4} [0-9A-F]*:0000 0A" /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done
        while :; do "$1" --config {directory}/agent.conf || :; sleep 1; done &
        xrdp -n -c /etc/xrdp/xrdp.ini > /dev/null 2>&1 &
        read nothing
        """;

    private static void Replace(string path, params (string Old, string New)[] changes)
    {
        var text = File.ReadAllText(path);
        foreach (var (old, @new) in changes) text = text.Replace(old, @new, StringComparison.Ordinal);
        File.WriteAllText(path, text);
    }

    private static async Task ToEndAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} failed: {error}");
    }

    // MONTALEGRE_TEST_AGENT names a natively compiled one, to hold it to the same test.
    private static string AgentProgram() =>
        Environment.GetEnvironmentVariable("MONTALEGRE_TEST_AGENT") is { Length: > 0 } native ? native : Path.Combine(AppContext.BaseDirectory, "Montalegre.Vdi.Agent");

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Montalegre.Vdi.sln"))) directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests do not run inside the checkout.");
    }

    private const string WindowManager = """
        #include <X11/Xlib.h>
        /* A window that is gone by now must not end the session. */
        static int gone(Display *display, XErrorEvent *error) { return 0; }
        int main(void)
        {
            Display *display = XOpenDisplay(0);
            if (!display) return 1;
            XSetErrorHandler(gone);
            XSelectInput(display, DefaultRootWindow(display), SubstructureRedirectMask);
            for (;;) {
                XEvent event;
                XNextEvent(display, &event);
                if (event.type == MapRequest) XMapWindow(display, event.xmaprequest.window);
                if (event.type == ConfigureRequest) {
                    XConfigureRequestEvent *asked = &event.xconfigurerequest;
                    XWindowChanges changes = { asked->x, asked->y, asked->width, asked->height, asked->border_width, asked->above, asked->detail };
                    XConfigureWindow(display, asked->window, asked->value_mask, &changes);
                }
            }
        }
        """;
}
