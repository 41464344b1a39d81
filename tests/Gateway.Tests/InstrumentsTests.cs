using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.RegularExpressions;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Rig;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>What the gateway tells of its connections besides the reports to the broker.</summary>
public sealed partial class InstrumentsTests
{
    [Fact]
    public async Task A_connection_goes_on_with_the_trace_of_its_launch_and_the_ready_dashboard_knows_every_number()
    {
        // Other tests' gateways are heard as well, and on while this one looks.
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == Instruments.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var told = new ConcurrentDictionary<string, bool>();
        using var meters = new MeterListener { InstrumentPublished = (i, l) => { if (i.Meter.Name == Instruments.Name) l.EnableMeasurementEvents(i); } };
        meters.SetMeasurementEventCallback<long>((i, _, _, _) => told[Prometheus(i)] = true);
        meters.SetMeasurementEventCallback<double>((i, _, _, _) => told[Prometheus(i)] = true);
        meters.Start();
        var trace = ActivityTraceId.CreateRandom();
        var accepted = DateTimeOffset.UtcNow.AddSeconds(-1);
        var connection = new OpenConnection("c1", "s1", "m1", IPAddress.Loopback, "pc", accepted, accepted.AddSeconds(1), new Carrier()) { TraceParent = $"00-{trace}-00f067aa0ba902b7-01" };
        var reports = new ConnectionReports(TimeProvider.System);

        reports.Opened(connection);
        reports.Closed(connection, RelayEnd.ClientClosed);
        reports.Failed(null, ReasonCode.NotRdp, IPAddress.Loopback);

        var span = Assert.Single(spans, s => s.TraceId == trace);
        Assert.Equal(TimeSpan.FromSeconds(1), span.Duration);
        var dashboard = await File.ReadAllTextAsync(Checkout.Path("docs/grafana/montalegre-vdi.json"), TestContext.Current.CancellationToken);
        var asked = Asked().Matches(dashboard).Select(m => Regex.Replace(m.Value, "_(bucket|count|sum)$", "")).Distinct().ToList();
        Assert.NotEmpty(asked);
        Assert.Empty(asked.Except(told.Keys));
    }

    private static string Prometheus(Instrument i) =>
        i.Name.Replace('.', '_') + (i.Unit == "s" ? "_seconds" : i.Unit == "By" ? "_bytes" : "") + (i is Counter<long> ? "_total" : "");

    [GeneratedRegex("montalegre_gateway_[a-z_]+")]
    private static partial Regex Asked();

    private sealed class Carrier : ICarrier
    {
        public long BytesFromClient => 10;

        public long BytesFromMachine => 20;

        public Task<RelayEnd> RunAsync() => Task.FromResult(RelayEnd.ClientClosed);

        public Task EndAsync(RelayEnd end) => Task.CompletedTask;
    }
}
