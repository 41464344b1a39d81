using Google.Protobuf;
using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Tests;

/// <summary>A machine without an operating system: says what the test says, remembers what it was told.</summary>
internal sealed class FakeGuest : IGuest
{
    public JoinDocument? Document { get; set; }

    public TaskCompletionSource RdpListens { get; } = new();

    public List<string> Obeyed { get; } = [];

    public Func<string, CancellationToken, Task<string?>> OnLogOff { get; set; } = (_, _) => Task.FromResult<string?>(null);

    public string SystemUuid() => "00000000-0000-0000-0000-000000000001";

    public int TimesAskedForDocument { get; private set; }

    public IEnumerable<(string Source, string Text)> JoinTexts()
    {
        TimesAskedForDocument++;
        return Document is null ? [] : [("test", Document.Format())];
    }

    public Task WaitForRdpServerAsync(CancellationToken ct) => RdpListens.Task.WaitAsync(ct);

    public Hello Describe() => new() { ComputerName = "fake", RdpPort = 3389, RdpCertificateSha256 = ByteString.CopyFrom(new byte[32]), BootId = "boot" };

    /// <summary>What its battery-backed clock shows; it has none when null.</summary>
    public DateTimeOffset? Hardware { get; set; }

    /// <summary>What the system's clock was set to, in order.</summary>
    public List<DateTimeOffset> ClockSetTo { get; } = [];

    public Action<DateTimeOffset> OnSetClock { get; set; } = _ => { };

    public DateTimeOffset? HardwareClock() => Hardware;

    public void SetClock(DateTimeOffset now)
    {
        OnSetClock(now);
        ClockSetTo.Add(now);
    }

    public Task WatchAsync(SessionBoard board, CancellationToken ct) => Task.Delay(Timeout.Infinite, ct);

    public Task<IReadOnlyList<IdleTime>> IdleTimesAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<IdleTime>>([]);

    public uint LoadPermille() => 125;

    public Task<string?> PrepareSignInAsync(PrepareSignIn command, TimeSpan lifetime, CancellationToken ct) => Done($"prepare {command.UserName}");

    public Task<string?> LogOffAsync(string guestSession, CancellationToken ct)
    {
        lock (Obeyed) Obeyed.Add($"logoff {guestSession}");
        return OnLogOff(guestSession, ct);
    }

    public Task<string?> DisconnectAsync(string guestSession, CancellationToken ct) => Done($"disconnect {guestSession}");

    public Task<string?> LockAsync(string guestSession, CancellationToken ct) => Done($"lock {guestSession}");

    public Task<string?> UnlockAsync(string guestSession, bool disconnectFirst, CancellationToken ct) => Done($"unlock {guestSession} {disconnectFirst}");

    public Task<string?> ShowMessageAsync(string guestSession, string title, string text, CancellationToken ct) => Done($"message {text}");

    public Task<string?> StartProgramAsync(StartProgram command, CancellationToken ct) => Done($"program {command.Name} {command.Line}");

    public Task<string?> RestartAsync(bool force, CancellationToken ct) => Done($"restart {force}");

    private Task<string?> Done(string what)
    {
        lock (Obeyed) Obeyed.Add(what);
        return Task.FromResult<string?>(null);
    }
}
