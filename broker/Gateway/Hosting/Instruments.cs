using System.Diagnostics;
using System.Diagnostics.Metrics;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Relay;

namespace Montalegre.Vdi.Gateway.Hosting;

/// <summary>What the gateway measures itself by. Nothing is counted or traced unless somebody listens.</summary>
internal static class Instruments
{
    /// <summary>Name of the meter and of the source of activities.</summary>
    public const string Name = "Montalegre.Vdi.Gateway";

    private static readonly Meter Meter = new(Name);
    private static readonly ActivitySource Source = new(Name);

    private static readonly UpDownCounter<long> Open = Meter.CreateUpDownCounter<long>("montalegre.gateway.connections", "{connection}", "Connections that are open now.");
    private static readonly Counter<long> Ended = Meter.CreateCounter<long>("montalegre.gateway.connections.ended", "{connection}", "Connections that are over, by how they ended.");
    private static readonly Counter<long> Refused = Meter.CreateCounter<long>("montalegre.gateway.connections.refused", "{connection}", "Connections that never opened, by reason.");
    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>("montalegre.gateway.bytes", "By", "Bytes of connections that are over, by where they came from.");
    private static readonly Histogram<double> Connecting = Meter.CreateHistogram("montalegre.gateway.connect.duration", "s", "From the accepted connection to the open desktop.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });

    public static void Opened(OpenConnection connection)
    {
        Open.Add(1);
        Connecting.Record(Math.Max(0, (connection.OpenedAt - connection.AcceptedAt).TotalSeconds));
        if (!ActivityContext.TryParse(connection.TraceParent, null, isRemote: true, out var launch)) return;
        using var span = Source.StartActivity("connect", ActivityKind.Internal, launch, startTime: connection.AcceptedAt);
        span?.SetTag("montalegre.session", connection.SessionId);
        span?.SetEndTime(connection.OpenedAt.UtcDateTime);
    }

    public static void Closed(OpenConnection connection, RelayEnd end)
    {
        Open.Add(-1);
        Ended.Add(1, new KeyValuePair<string, object?>("end", end.ToString()));
        Bytes.Add(connection.Carrier.BytesFromClient, new KeyValuePair<string, object?>("from", "client"));
        Bytes.Add(connection.Carrier.BytesFromMachine, new KeyValuePair<string, object?>("from", "machine"));
    }

    public static void Failed(ReasonCode code) => Refused.Add(1, new KeyValuePair<string, object?>("reason", Contracts.ReasonTexts.Name(code)));
}
