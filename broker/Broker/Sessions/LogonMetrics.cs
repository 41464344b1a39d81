using System.Diagnostics.Metrics;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>How long each phase of a log-on took, and the phases as spans of the launch's trace.</summary>
internal static class LogonMetrics
{
    private static readonly Histogram<double> Phases = Instruments.Meter.CreateHistogram("montalegre.logon.phase.duration", "s", "Phases of first log-ons, as agents report them.", advice: Instruments.Seconds);

    /// <summary>Says a phase that is over; one that has only begun says nothing yet.</summary>
    public static void Phase(string name, WrittenPhase written)
    {
        if (written.EndedAt is not { } ended) return;
        Phases.Record(Math.Max(0, (ended - written.StartedAt).TotalSeconds), new KeyValuePair<string, object?>("phase", name));
        using var span = Instruments.Continue($"log-on: {name}", written.TraceParent, DateTime.SpecifyKind(written.StartedAt, DateTimeKind.Utc));
        span?.SetEndTime(DateTime.SpecifyKind(ended, DateTimeKind.Utc));
    }
}
