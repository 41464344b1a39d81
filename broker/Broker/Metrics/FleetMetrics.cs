using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Telemetry;

namespace Montalegre.Vdi.Broker.Metrics;

/// <summary>
/// Machines, sessions, places in the queue, operations and hosts, counted now and then while somebody collects metrics.
/// Numbers that could not be read are missing and not old. Every broker node tells the same: take the highest, not the sum.
/// </summary>
internal sealed class FleetMetrics(FleetStore store, IOptions<TelemetryOptions> options, TimeProvider time, ILogger<FleetMetrics> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    private readonly Meter _meter = new(Instruments.Name);
    private volatile IReadOnlyList<FleetRow> _rows = [];

    /// <summary>Counts once.</summary>
    public async Task CountAsync(CancellationToken ct)
    {
        try
        {
            _rows = await store.CountAsync(ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            _rows = [];
            log.FleetNotCounted(Every, e);
        }
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value is { Prometheus: "", Otlp: "" }) return;
        Show("montalegre.machines", "machines", "{machine}", "Machines by pool and state.", "pool");
        Show("montalegre.sessions", "sessions", "{session}", "Sessions that are not over, by pool and state.", "pool");
        Show("montalegre.queue", "queue", "{person}", "People who wait for a machine, by pool.", "pool");
        Show("montalegre.operations", "operations", "{operation}", "Operations that run, by kind.", "kind");
        Show("montalegre.hosts", "hosts", "{host}", "Hosts that answer, and hosts that do not.", null);
        using var tick = new PeriodicTimer(Every, time);
        do await CountAsync(stoppingToken);
        while (await tick.WaitForNextTickAsync(stoppingToken));
    }

    private void Show(string name, string what, string unit, string description, string? owner) =>
        _meter.CreateObservableGauge(name, () => _rows.Where(r => r.What == what).Select(r => new Measurement<long>(r.Number, Tags(r, owner))), unit, description);

    private static IEnumerable<KeyValuePair<string, object?>> Tags(FleetRow row, string? owner)
    {
        if (owner is not null) yield return new(owner, row.Owner);
        if (row.State.Length > 0) yield return new("state", row.State);
    }
}
