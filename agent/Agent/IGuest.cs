using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent;

/// <summary>
/// The operating system under the agent: everything that differs between Linux and Windows, and nothing else.
/// A command answers null when done, else the sentence why not.
/// </summary>
internal interface IGuest
{
    /// <summary>SMBIOS system UUID, lower case with hyphens; empty when the firmware has none.</summary>
    string SystemUuid();

    /// <summary>Candidates for a join document with the place each was found in, best first.</summary>
    IEnumerable<(string Source, string Text)> JoinTexts();

    /// <summary>Returns when the RDP server listens: only then is the machine any good to a user.</summary>
    Task WaitForRdpServerAsync(CancellationToken ct);

    Hello Describe();

    /// <summary>The battery-backed clock, which goes on while the machine stands still; null where it cannot be read.</summary>
    DateTimeOffset? HardwareClock();

    /// <summary>Sets the system's clock.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The agent may not.</exception>
    void SetClock(DateTimeOffset now);

    /// <summary>Watches for sign-ins and session changes until stopped, and keeps the board right.</summary>
    Task WatchAsync(SessionBoard board, CancellationToken ct);

    Task<IReadOnlyList<IdleTime>> IdleTimesAsync(CancellationToken ct);

    uint LoadPermille();

    Task<string?> PrepareSignInAsync(PrepareSignIn command, TimeSpan lifetime, CancellationToken ct);

    Task<string?> LogOffAsync(string guestSession, CancellationToken ct);

    Task<string?> DisconnectAsync(string guestSession, CancellationToken ct);

    /// <summary>Covers the session's screen and takes its keyboard and pointer; locked already, it stays so.</summary>
    Task<string?> LockAsync(string guestSession, CancellationToken ct);

    /// <summary>Uncovers it; <paramref name="disconnectFirst"/>: not before its client is gone.</summary>
    Task<string?> UnlockAsync(string guestSession, bool disconnectFirst, CancellationToken ct);

    Task<string?> ShowMessageAsync(string guestSession, string title, string text, CancellationToken ct);

    /// <summary>Starts a program in a session of programs, beside those that run there; running already, it stays.</summary>
    Task<string?> StartProgramAsync(StartProgram command, CancellationToken ct);

    Task<string?> RestartAsync(bool force, CancellationToken ct);
}
