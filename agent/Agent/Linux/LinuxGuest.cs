using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Joining;
using Montalegre.Vdi.Agent.Registration;
using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>A Linux machine with xrdp.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class LinuxGuest(AgentOptions options, TimeProvider time, ILogger log) : IGuest
{
    private const string NoSession = "there is no such session on this machine";
    private static readonly TimeSpan RdpStep = TimeSpan.FromMilliseconds(250);

    private readonly XrdpServer _xrdp = new(options);
    private readonly SignInSecrets _secrets = new(time);
    private readonly string _bootId = FirstLine(NewMachine.BootIdFile(options)) is { Length: > 0 } own ? own : FirstLine("/proc/sys/kernel/random/boot_id");
    private readonly DateTimeOffset _booted = BootedAt();
    private SessionWatch? _watch;
    private SessionLocks? _locks;
    private SessionPrograms? _programs;

    public string SystemUuid() => File.Exists(NewMachine.TableFile(options))
        ? SmbiosStrings.SystemUuid(File.ReadAllBytes(NewMachine.TableFile(options)))
        : FirstLine("/sys/class/dmi/id/product_uuid").ToLowerInvariant();

    public IEnumerable<(string Source, string Text)> JoinTexts()
    {
        var path = File.Exists(NewMachine.TableFile(options)) ? NewMachine.TableFile(options) : options.DmiTable;
        var table = File.Exists(path) ? File.ReadAllBytes(path) : [];
        foreach (var text in SmbiosStrings.AllOemStrings(table).Where(t => t.StartsWith(Contracts.JoinDocument.Prefix, StringComparison.Ordinal))) yield return ("SMBIOS", text);
        if (File.Exists(options.JoinFile)) yield return (options.JoinFile, FirstLine(options.JoinFile));
    }

    public async Task WaitForRdpServerAsync(CancellationToken ct)
    {
        if (!_xrdp.Listens()) log.WaitingForRdp(_xrdp.Port);
        while (!_xrdp.Listens() || _xrdp.CertificateSha256().IsEmpty) await Task.Delay(RdpStep, time, ct);
    }

    public Hello Describe() => new()
    {
        AgentVersion = RunAgent.Version,
        OperatingSystem = OperatingSystemName(),
        OperatingSystemFamily = "linux",
        ComputerName = Environment.MachineName,
        Addresses = { HostAddresses.All() },
        NetworkCards = { HostAddresses.Cards() },
        RdpPort = (uint)_xrdp.Port,
        RdpCertificateSha256 = _xrdp.CertificateSha256(),
        BootedAt = _booted.ToTimestamp(),
        BootId = _bootId,
        StartsPrograms = SessionPrograms.CanJoin(options.ProgramScript),
    };

    public DateTimeOffset? HardwareClock() =>
        FirstLine("/sys/class/rtc/rtc0/since_epoch") is var seconds && long.TryParse(seconds, CultureInfo.InvariantCulture, out var since) ? DateTimeOffset.FromUnixTimeSeconds(since) : null;

    public void SetClock(DateTimeOffset now) => SystemClock.Set(now);

    public async Task WatchAsync(SessionBoard board, CancellationToken ct)
    {
        using var locks = new SessionLocks(Disconnect, HasClient, new LockMemory(options.StateDirectory, _bootId), time, log);
        var programs = new SessionPrograms(options.ProgramScript, time);
        var watch = new SessionWatch(board, new SessionMemory(options.StateDirectory, _bootId), locks, programs, _booted, options.XrdpSockets, time, log);
        (_watch, _locks, _programs) = (watch, locks, programs);
        var pam = new PamServer(options.PamSocket, new LogonPhases(_secrets, board, watch, time, log, ct), time, log);
        await await Task.WhenAny(pam.RunAsync(ct), watch.RunAsync(ct), locks.RunAsync(watch, board, ct));
    }

    public async Task<IReadOnlyList<IdleTime>> IdleTimesAsync(CancellationToken ct)
    {
        var idle = new List<IdleTime>();
        foreach (var session in _watch?.Sessions ?? [])
        {
            using var display = await X11Display.TryOpenAsync(session, ct);
            if (display is not null && await display.IdleAsync(ct) is { } since) idle.Add(new IdleTime { GuestSessionId = session.Id, Idle = since.ToDuration() });
        }
        return idle;
    }

    public uint LoadPermille()
    {
        var load = FirstLine("/proc/loadavg").Split(' ')[0];
        return double.TryParse(load, NumberStyles.Float, CultureInfo.InvariantCulture, out var one) ? (uint)(one * 1000 / Environment.ProcessorCount) : 0;
    }

    public async Task<string?> PrepareSignInAsync(PrepareSignIn command, TimeSpan lifetime, CancellationToken ct)
    {
        if (command.SecretSha256.Length != 32) return "the secret's hash is not 32 bytes";
        if (command.SessionId.Length is 0 or > 64 || command.SessionId.Any(c => c <= ' ')) return "the session id is not usable";
        if (await LocalAccount.EnsureAsync(command.UserName, command.DisplayName, ct) is { } problem) return problem;
        // Before the secret is good for anything: who comes with it finds the desktop open, and the old client is gone by then.
        if (command.UnlockGuestSessionId.Length > 0 && _locks is { } locks && locks.IsLocked(command.UnlockGuestSessionId)
            && await UnlockAsync(command.UnlockGuestSessionId, disconnectFirst: true, ct) is { } locked) return locked;
        _secrets.Prepare(command.UserName, command.SessionId, command.SecretSha256.ToByteArray(), lifetime);
        return null;
    }

    public Task<string?> LogOffAsync(string guestSession, CancellationToken ct) => WithSession(guestSession, (s, w) => new LogOffSession(w, time).RunAsync(s, ct));

    public Task<string?> DisconnectAsync(string guestSession, CancellationToken ct) => WithSession(guestSession, (session, watch) =>
    {
        var problem = Disconnect(session);
        if (problem is null) watch.SentAway(session.Id);
        return Task.FromResult(problem);
    });

    public Task<string?> LockAsync(string guestSession, CancellationToken ct) => WithLocks(guestSession, (session, locks) => locks.LockAsync(session, ct));

    public Task<string?> UnlockAsync(string guestSession, bool disconnectFirst, CancellationToken ct) => WithLocks(guestSession, (session, locks) => locks.UnlockAsync(session, disconnectFirst, ct));

    private async Task<string?> WithLocks(string guestSession, Func<XrdpSession, SessionLocks, Task<string?>> act)
    {
        var problem = await WithSession(guestSession, (session, _) => act(session, _locks!));
        _watch?.Ring();
        return problem;
    }

    private bool HasClient(int display) => XrdpSession.ConnectedDisplays(options.XrdpSockets, File.ReadAllText("/proc/net/unix")).Contains(display);

    private string? Disconnect(XrdpSession session)
    {
        // xorgxrdp listens here for exactly this; it is what the session's own xrdp-dis command sends.
        var path = Path.Combine(options.XrdpSockets, string.Create(CultureInfo.InvariantCulture, $"xrdp_disconnect_display_{session.Display}"));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.SendTo("sig\0"u8, new UnixDomainSocketEndPoint(path));
            return null;
        }
        catch (SocketException e)
        {
            return $"the session's display does not listen for a disconnect: {e.Message}";
        }
    }

    public Task<string?> ShowMessageAsync(string guestSession, string title, string text, CancellationToken ct) =>
        WithSession(guestSession, (session, _) => ShowMessage.RunAsync(session, title, text, ct));

    public Task<string?> StartProgramAsync(StartProgram command, CancellationToken ct) => WithSession(command.GuestSessionId, async (session, watch) =>
    {
        var problem = await _programs!.StartAsync(session, command, ct);
        watch.Ring();
        return problem;
    });

    public async Task<string?> RestartAsync(bool force, CancellationToken ct)
    {
        string[] arguments = force ? ["--force", "--no-wall"] : ["--no-wall"];
        var (exit, error) = await Run.ToEndAsync("systemctl", ["reboot", .. arguments], ct);
        return exit == 0 ? null : $"the machine would not restart: {error}";
    }

    private Task<string?> WithSession(string id, Func<XrdpSession, SessionWatch, Task<string?>> act) =>
        _watch is { } watch && watch.Find(id) is { } session ? act(session, watch) : Task.FromResult<string?>(NoSession);

    private static string OperatingSystemName()
    {
        foreach (var line in File.Exists("/etc/os-release") ? File.ReadLines("/etc/os-release") : [])
        {
            if (line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal)) return line["PRETTY_NAME=".Length..].Trim('"');
        }
        return RuntimeInformation.OSDescription;
    }

    private static DateTimeOffset BootedAt()
    {
        foreach (var line in File.ReadLines("/proc/stat"))
        {
            if (line.StartsWith("btime ", StringComparison.Ordinal)) return DateTimeOffset.FromUnixTimeSeconds(long.Parse(line.AsSpan(6), CultureInfo.InvariantCulture));
        }
        return DateTimeOffset.UnixEpoch;
    }

    private static string FirstLine(string path)
    {
        try
        {
            return File.ReadLines(path, Encoding.UTF8).FirstOrDefault("").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
