using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Microsoft.Win32;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Joining;
using Montalegre.Vdi.Agent.Registration;
using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Native.Windows;

namespace Montalegre.Vdi.Agent.Windows;

/// <summary>
/// A Windows computer with Remote Desktop Services. Compiled in every build and read against the platform's reference;
/// it has not run on Windows yet.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsGuest(AgentOptions options, TimeProvider time, ILogger log) : IGuest
{
    private const string Prefix = "wts-";
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RdpStep = TimeSpan.FromSeconds(1);

    private readonly OneTimePasswords _passwords = new(time);
    private (long Idle, long All) _processor = Computer.ProcessorTimes();

    public string SystemUuid() => SmbiosStrings.SystemUuid(Computer.SmbiosTable());

    // Windows keeps the battery-backed clock to itself, and its time service sets a clock that fell behind.
    public DateTimeOffset? HardwareClock() => null;

    public void SetClock(DateTimeOffset now) => throw new NotSupportedException("The time service of Windows sets the clock.");

    public IEnumerable<(string Source, string Text)> JoinTexts()
    {
        foreach (var text in SmbiosStrings.AllOemStrings(Computer.SmbiosTable()).Where(t => t.StartsWith(JoinDocument.Prefix, StringComparison.Ordinal))) yield return ("SMBIOS", text);
        if (File.Exists(options.JoinFile)) yield return (options.JoinFile, File.ReadLines(options.JoinFile).FirstOrDefault("").Trim());
    }

    public async Task WaitForRdpServerAsync(CancellationToken ct)
    {
        if (!RdpListener.Listens()) log.WaitingForRdp(RdpListener.Port);
        while (!RdpListener.Listens() || RdpListener.CertificateSha256().IsEmpty) await Task.Delay(RdpStep, time, ct);
    }

    public Hello Describe() => new()
    {
        AgentVersion = RunAgent.Version,
        OperatingSystem = RuntimeInformation.OSDescription,
        OperatingSystemFamily = "windows",
        ComputerName = Environment.MachineName,
        Addresses = { HostAddresses.All() },
        NetworkCards = { HostAddresses.Cards() },
        RdpPort = (uint)RdpListener.Port,
        RdpCertificateSha256 = RdpListener.CertificateSha256(),
        BootedAt = BootedAt.ToTimestamp(),
        BootId = BootId(),
    };

    public async Task WatchAsync(SessionBoard board, CancellationToken ct)
    {
        var doorbell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var notifications = new SessionNotifications(() => doorbell.Writer.TryWrite(true));
        while (true)
        {
            try
            {
                Look(board);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.SessionsUnreadable(e);
            }
            using var tick = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(doorbell.Reader.WaitToReadAsync(tick.Token).AsTask(), Task.Delay(Sweep, time, tick.Token));
            await tick.CancelAsync();
            ct.ThrowIfCancellationRequested();
            doorbell.Reader.TryRead(out _);
        }
    }

    public Task<IReadOnlyList<IdleTime>> IdleTimesAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<IdleTime>>(
        [.. WtsSessions.All().Where(s => s.Idle is not null).Select(s => new IdleTime { GuestSessionId = IdOf(s), Idle = s.Idle!.Value.ToDuration() })]);

    // Windows keeps no load average; the busy share since the last question serves.
    public uint LoadPermille()
    {
        var before = _processor;
        _processor = Computer.ProcessorTimes();
        var all = _processor.All - before.All;
        return all <= 0 ? 0 : (uint)Math.Clamp(1000 - (1000 * (_processor.Idle - before.Idle) / all), 0, 1000);
    }

    public Task<string?> PrepareSignInAsync(PrepareSignIn command, TimeSpan lifetime, CancellationToken ct) => Task.FromResult(Try(() =>
    {
        if (!UserName().IsMatch(command.UserName)) return "the user name is not one that this machine allows";
        if (command.OneTimePassword.Length is < 16 or > 127) return "Windows needs the one-time password itself, 16 to 127 characters";
        _passwords.Prepare(command.UserName, command.OneTimePassword, command.SessionId, lifetime);
        return null;
    }));

    public Task<string?> LogOffAsync(string guestSession, CancellationToken ct) => Task.Run(() => WithSession(guestSession, WtsSessions.LogOff), ct);

    public Task<string?> DisconnectAsync(string guestSession, CancellationToken ct) => Task.FromResult(WithSession(guestSession, WtsSessions.Disconnect));

    // Windows locks for any program and unlocks for none: only the person's password would, and that was good once.
    public Task<string?> LockAsync(string guestSession, CancellationToken ct) => Task.FromResult<string?>("a session of Windows that is locked cannot be unlocked by an agent, so that it is disconnected instead");

    public Task<string?> UnlockAsync(string guestSession, bool disconnectFirst, CancellationToken ct) => Task.FromResult<string?>(null);

    // The program takes the place of the desktop, and nothing of ours waits for a second one.
    public Task<string?> StartProgramAsync(StartProgram command, CancellationToken ct) => Task.FromResult<string?>("a session of Windows runs the one program that it was opened with");

    public Task<string?> ShowMessageAsync(string guestSession, string title, string text, CancellationToken ct) =>
        Task.FromResult(WithSession(guestSession, id => WtsSessions.ShowMessage(id, title, text)));

    public Task<string?> RestartAsync(bool force, CancellationToken ct) => Task.FromResult(Try(() =>
    {
        Computer.Restart(force);
        return null;
    }));

    private DateTimeOffset BootedAt => DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() - TimeSpan.FromMilliseconds(Environment.TickCount64)).ToUnixTimeSeconds() / 60 * 60);

    private void Look(SessionBoard board)
    {
        var sessions = WtsSessions.All();
        foreach (var session in sessions)
        {
            if (_passwords.Used(session.User) is { } sessionId) board.SignedIn(session.User, sessionId);
        }
        board.Replace([.. sessions.Select(s => new SeenSession(IdOf(s), s.User, s.Connected, s.LoggedOnAt))]);
        _passwords.CloseExpired();
    }

    private static string? WithSession(string guestSession, Action<uint> act) => Try(() =>
    {
        if (WtsSessions.All().FirstOrDefault(s => IdOf(s) == guestSession) is not { } session) return "there is no such session on this machine";
        act(session.Id);
        return null;
    });

    private static string? Try(Func<string?> act)
    {
        try
        {
            return act();
        }
        catch (Win32Exception e)
        {
            return $"Windows refused: {e.Message}";
        }
    }

    private static string IdOf(WtsSession session) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{session.Id}");

    private static string BootId()
    {
        using var key = Registry.LocalMachine.OpenSubKey(@"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters");
        return key?.GetValue("BootId") is int id ? id.ToString(CultureInfo.InvariantCulture) : "";
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_.-]{0,19}\z", RegexOptions.CultureInvariant)]
    private static partial Regex UserName();
}
