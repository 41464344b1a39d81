using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Deadlines of sessions.</summary>
internal sealed class SessionOptions : IOptionsWithProblems
{
    public static string SectionName => "Sessions";

    /// <summary>How often overdue reservations are looked for.</summary>
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often the time-outs of idle and disconnected sessions are looked at.</summary>
    public TimeSpan TimeoutsEvery { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often idle times are written.</summary>
    public TimeSpan WriteIdleEvery { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an agent may take to obey an administrator.</summary>
    public TimeSpan CommandWithin { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<string> Problems()
    {
        if (SweepEvery <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(SweepEvery)} is {SweepEvery}; use 00:00:15.";
        if (TimeoutsEvery <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(TimeoutsEvery)} is {TimeoutsEvery}; use 00:00:02.";
        if (WriteIdleEvery <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(WriteIdleEvery)} is {WriteIdleEvery}; use 00:00:10.";
        if (CommandWithin <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(CommandWithin)} is {CommandWithin}; use 00:00:05.";
    }
}
