using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Deadlines of sessions.</summary>
internal sealed class SessionOptions : IOptionsWithProblems
{
    public static string SectionName => "Sessions";

    /// <summary>How long a reservation waits for its person after the newest ticket.</summary>
    public TimeSpan LogonWithin { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often overdue reservations are looked for.</summary>
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often idle times are written.</summary>
    public TimeSpan WriteIdleEvery { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an agent may take to obey an administrator.</summary>
    public TimeSpan CommandWithin { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<string> Problems()
    {
        if (LogonWithin < TimeSpan.FromMinutes(1)) yield return $"{SectionName}:{nameof(LogonWithin)} is {LogonWithin}; use 00:01:00 or more, because a ticket for a file lives that long.";
        if (SweepEvery <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(SweepEvery)} is {SweepEvery}; use 00:00:15.";
        if (WriteIdleEvery <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(WriteIdleEvery)} is {WriteIdleEvery}; use 00:00:10.";
        if (CommandWithin <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(CommandWithin)} is {CommandWithin}; use 00:00:05.";
    }
}
