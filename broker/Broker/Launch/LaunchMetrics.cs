using System.Diagnostics.Metrics;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>How launches end, how long the broker thinks about each, and how long people wait.</summary>
internal static class LaunchMetrics
{
    private static readonly Counter<long> Ended = Instruments.Meter.CreateCounter<long>("montalegre.launches", "{launch}", "Launches by how they ended and why.");
    private static readonly Histogram<double> Deciding = Instruments.Meter.CreateHistogram("montalegre.launch.decision.duration", "s", "Time in the statement that decides a launch.", advice: Instruments.Seconds);
    private static readonly Histogram<double> Waiting = Instruments.Meter.CreateHistogram("montalegre.launch.wait.duration", "s", "From the click to a machine or a refusal.", advice: Instruments.Seconds);

    public static void Decided(TimeSpan took) => Deciding.Record(took.TotalSeconds);

    public static void End(string outcome, string? reason, TimeSpan waited)
    {
        Ended.Add(1, new("outcome", outcome), new("reason", reason ?? ""));
        Waiting.Record(waited.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
    }
}
