using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>Limits of a launch.</summary>
internal sealed class LaunchOptions : IOptionsWithProblems
{
    /// <inheritdoc />
    public static string SectionName => "Launch";

    /// <summary>How long a ticket lives that a client uses at once.</summary>
    public TimeSpan TicketLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a ticket lives that is written into a downloaded file.</summary>
    public TimeSpan FileTicketLifetime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one call waits in the queue before it answers LAUNCH_TIMED_OUT; the place is kept 15 s longer.</summary>
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromMinutes(20);

    /// <summary>How often a waiting call looks again when nothing rings.</summary>
    public TimeSpan Recheck { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long it is kept why each launch ended as it did.</summary>
    public TimeSpan KeepTraces { get; set; } = TimeSpan.FromDays(30);

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        if (TicketLifetime < TimeSpan.FromSeconds(5) || TicketLifetime > TimeSpan.FromSeconds(60))
            yield return $"{SectionName}:{nameof(TicketLifetime)} is {TicketLifetime}; use 5 to 60 seconds.";
        if (FileTicketLifetime < TicketLifetime || FileTicketLifetime > TimeSpan.FromMinutes(5))
            yield return $"{SectionName}:{nameof(FileTicketLifetime)} is {FileTicketLifetime}; use {nameof(TicketLifetime)} to 5 minutes.";
        if (LongestWait < TimeSpan.FromSeconds(10)) yield return $"{SectionName}:{nameof(LongestWait)} is {LongestWait}; use 10 seconds or more.";
        if (Recheck < TimeSpan.FromMilliseconds(100) || Recheck > TimeSpan.FromSeconds(10))
            yield return $"{SectionName}:{nameof(Recheck)} is {Recheck}; use 0.1 to 10 seconds (a place in the queue is given up after 15).";
        if (KeepTraces < TimeSpan.FromDays(1) || KeepTraces > TimeSpan.FromDays(3650)) yield return $"{SectionName}:{nameof(KeepTraces)} is {KeepTraces}; use 1 to 3650 days.";
    }
}
