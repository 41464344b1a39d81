using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Montalegre.Vdi.Telemetry;

/// <summary>Metrics and traces, the same way for every service.</summary>
public static class TelemetryExtensions
{
    // The framework measures itself; these are its names for that, which need no package of instrumentation.
    private static readonly string[] FrameworkMeters = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql"];
    private static readonly string[] FrameworkSources = ["Microsoft.AspNetCore", "System.Net.Http"];

    /// <summary>Adds what the settings name, and nothing that costs anything where they name nothing.</summary>
    /// <param name="services">The service's own.</param>
    /// <param name="configuration">Section <see cref="TelemetryOptions.Section"/> is read.</param>
    /// <param name="service">Name of the service in metrics and traces, for example <c>montalegre-broker</c>.</param>
    /// <param name="own">Name of the service's own meter and source.</param>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration, string service, string own)
    {
        services.AddOptions<TelemetryOptions>().BindConfiguration(TelemetryOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TelemetryOptions>, TelemetryProblems>();
        var options = configuration.GetSection(TelemetryOptions.Section).Get<TelemetryOptions>() ?? new();
        if (options.Problems().Any() || options is { Prometheus: "", Otlp: "" }) return services;

        var telemetry = services.AddOpenTelemetry().ConfigureResource(r => r.AddService(service, serviceNamespace: "montalegre-vdi", serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}"));
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter([own, .. FrameworkMeters]);
            if (options.Prometheus.Length > 0) metrics.AddPrometheusExporter();
            if (options.Otlp.Length > 0) metrics.AddOtlpExporter(o => o.Endpoint = new Uri(options.Otlp));
        });
        if (options.Otlp.Length > 0)
        {
            telemetry.WithTracing(traces => traces
                .AddSource([own, .. FrameworkSources])
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceShare)))
                .AddOtlpExporter(o => o.Endpoint = new Uri(options.Otlp)));
        }
        if (options.Prometheus.Length > 0) services.AddHostedService<MetricsPage>();
        return services;
    }

    private sealed class TelemetryProblems : IValidateOptions<TelemetryOptions>
    {
        public ValidateOptionsResult Validate(string? name, TelemetryOptions options)
        {
            var problems = options.Problems().ToList();
            return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
        }
    }
}
