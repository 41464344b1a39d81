using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Postgres;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>
/// This very computer as a desk's PC: real xrdp, sesman, Xorg, our PAM module and agent as root, in mount and process
/// namespaces of their own, so that accounts, settings and homes are thrown away and one kill ends everything.
/// </summary>
internal sealed class PhysicalComputer : IAsyncDisposable
{
    public const string DesktopColor = "#2266CC";
    private readonly string _directory = Directory.CreateTempSubdirectory("pc-").FullName;
    private OwnProcess? _computer;

    private PhysicalComputer(int port) => Port = port;

    /// <summary>Where its RDP server listens, on 127.0.0.1.</summary>
    public int Port { get; }

    public string Output => _computer?.Output ?? "";

    /// <summary>Settings and certificate are made; nothing runs yet.</summary>
    public static async Task<PhysicalComputer> PrepareAsync()
    {
        var computer = new PhysicalComputer(LoopbackPorts.Free());
        var (here, etc) = (computer._directory, Path.Combine(computer._directory, "etc"));
        File.SetUnixFileMode(here, (UnixFileMode)0b111_101_101);
        var progress = new Progress(TextWriter.Null);
        var pam = await Builds.PamModuleAsync(progress, CancellationToken.None);
        var agent = await Builds.AgentAsync(progress, CancellationToken.None);
        File.Copy(pam, $"{here}/pam_montalegre.so");
        await Run.ToEndAsync("/bin/cp", ["-a", "/etc", etc]);
        await Run.ToEndAsync("/usr/bin/openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pc", "-keyout", $"{etc}/xrdp/key.new", "-out", $"{etc}/xrdp/cert.new"]);
        File.Move($"{etc}/xrdp/key.new", $"{etc}/xrdp/key.pem", overwrite: true);
        File.Move($"{etc}/xrdp/cert.new", $"{etc}/xrdp/cert.pem", overwrite: true);
        var (display, sesman) = (20_000 + (Environment.ProcessId % 20_000), LoopbackPorts.Free());
        Replace($"{etc}/xrdp/xrdp.ini", ("port=3389", $"port=tcp://127.0.0.1:{computer.Port}"), ("EnableSyslog=true", "EnableSyslog=false"), ("LogFile=xrdp.log", $"LogFile={here}/xrdp.log"));
        Replace($"{etc}/xrdp/sesman.ini", ("ListenPort=3350", $"ListenPort={sesman}"), ("EnableSyslog=true", "EnableSyslog=false"), ("LogFile=xrdp-sesman.log", $"LogFile={here}/sesman.log"),
            ("X11DisplayOffset=10", $"X11DisplayOffset={display}"), ("EnableUserWindowManager=true", "EnableUserWindowManager=false"));
        await File.WriteAllTextAsync($"{etc}/pam.d/xrdp-sesman",
            $"auth [success=done default=ignore] {here}/pam_montalegre.so\naccount [success=done default=ignore] {here}/pam_montalegre.so\n@include common-auth\n@include common-account\n@include common-session\nsession optional {here}/pam_montalegre.so\n");
        await File.WriteAllTextAsync($"{etc}/xrdp/startwm.sh", $"#!/bin/sh\nxsetroot -solid '{DesktopColor}'\nexec xterm -geometry 40x10+0+0\n");
        await File.WriteAllTextAsync($"{here}/agent.conf", $"StateDirectory = {here}/state\nJoinFile = {here}/join\nDmiTable = /nowhere\n");
        await File.WriteAllTextAsync($"{here}/run", $"""
            set -e
            mount --make-rprivate /
            mount -t tmpfs tmpfs /run
            mkdir -p /run/xrdp /run/lock /tmp/.X11-unix
            mount -t tmpfs -o mode=1777 tmpfs /tmp/.X11-unix
            mount -t tmpfs tmpfs /home
            mount --bind {etc} /etc
            chmod 755 /etc/xrdp/startwm.sh
            xrdp-sesman -n -c /etc/xrdp/sesman.ini > /dev/null 2>&1 &
            until grep -qs ":{sesman:X4} [0-9A-F]*:0000 0A" /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done
            {agent}/Montalegre.Vdi.Agent --config {here}/agent.conf &
            exec xrdp -n -c /etc/xrdp/xrdp.ini > /dev/null 2>&1
            """);
        return computer;
    }

    /// <summary>Somebody types the join document and switches everything on.</summary>
    public void SwitchOn(string joinDocument)
    {
        // This installation tells its machines the address at which guests of QEMU see this computer.
        File.WriteAllText(Path.Combine(_directory, "join"), joinDocument.Replace("//10.0.2.2:", "//127.0.0.1:", StringComparison.Ordinal) + "\n");
        _computer = OwnProcess.Start("/usr/bin/unshare", ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", $"{_directory}/run"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_computer is not null) await _computer.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static void Replace(string path, params (string Old, string New)[] changes)
    {
        var text = File.ReadAllText(path);
        foreach (var (old, @new) in changes) text = text.Replace(old, @new, StringComparison.Ordinal);
        File.WriteAllText(path, text);
    }
}
