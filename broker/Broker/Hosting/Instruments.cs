using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>What the broker measures itself by. Nothing is counted or traced unless somebody listens.</summary>
internal static class Instruments
{
    /// <summary>Name of the meter and of the source of activities.</summary>
    public const string Name = "Montalegre.Vdi.Broker";

    /// <summary>In seconds, from a tenth of a millisecond to half a minute: a decision is one statement, a log-on some seconds.</summary>
    public static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] };

    public static readonly Meter Meter = new(Name);
    public static readonly ActivitySource Source = new(Name);

    /// <summary>The W3C trace parent of what is being done now; null where nothing is traced.</summary>
    public static string? TraceParent => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Recorded: true } now ? now.Id : null;

    /// <summary>Goes on with a trace that another service began; null where nobody listens or there is none.</summary>
    public static Activity? Continue(string name, string? traceParent, DateTimeOffset? startedAt = null) =>
        traceParent is not null && ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent)
            ? Source.StartActivity(name, ActivityKind.Internal, parent, startTime: startedAt ?? default)
            : null;
}
