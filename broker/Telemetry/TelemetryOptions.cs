using System.Net;

namespace Montalegre.Vdi.Telemetry;

/// <summary>Where a service shows its metrics and sends its traces. Both are off until they are named.</summary>
public sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>Address and port of a page of its own with metrics for Prometheus, at <c>/metrics</c>; empty: none. No TLS and no sign-in: an internal address.</summary>
    public string Prometheus { get; set; } = "";

    /// <summary>Address of an OpenTelemetry collector that takes OTLP over gRPC, for example <c>http://127.0.0.1:4317</c>; empty: none.</summary>
    public string Otlp { get; set; } = "";

    /// <summary>Which share of all traces is sent, from 0 to 1. Whoever begins a trace decides for everybody in it.</summary>
    public double TraceShare { get; set; } = 1;

    internal IPEndPoint? PrometheusEndPoint => Prometheus.Length > 0 && IPEndPoint.TryParse(Prometheus, out var address) && Prometheus.EndsWith($":{address.Port}", StringComparison.Ordinal) ? address : null;

    /// <summary>What is wrong with the settings, each with its key and a way out.</summary>
    public IEnumerable<string> Problems()
    {
        if (Prometheus.Length > 0 && PrometheusEndPoint is null)
            yield return $"{Section}:{nameof(Prometheus)} is '{Prometheus}'; use an IP address and a port, for example 127.0.0.1:9464, or leave it empty.";
        if (Otlp.Length > 0 && !(Uri.TryCreate(Otlp, UriKind.Absolute, out var collector) && collector.Scheme is "http" or "https"))
            yield return $"{Section}:{nameof(Otlp)} is '{Otlp}'; use an address such as http://127.0.0.1:4317, or leave it empty.";
        if (!(TraceShare is >= 0 and <= 1))
            yield return $"{Section}:{nameof(TraceShare)} is {TraceShare}; use a number from 0 to 1.";
    }
}
