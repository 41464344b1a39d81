using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;

namespace Montalegre.Vdi.Telemetry;

/// <summary>A web server of its own for Prometheus, so that no public door ever answers with metrics.</summary>
public sealed class MetricsPage(MeterProvider meters, IOptions<TelemetryOptions> options) : IHostedService
{
    private const int MostScrapers = 16;
    private WebApplication? _server;

    /// <summary>Where it listens once it has started, for example <c>http://127.0.0.1:9464</c>.</summary>
    public string? Address => _server?.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostScrapers;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(options.Value.PrometheusEndPoint!, l => l.Protocols = HttpProtocols.Http1);
        });
        _server = builder.Build();
        _server.UseOpenTelemetryPrometheusScrapingEndpoint(meters, predicate: null, path: "/metrics", configureBranchedPipeline: null, optionsName: null);
        try
        {
            await _server.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new InvalidOperationException($"{TelemetryOptions.Section}:{nameof(TelemetryOptions.Prometheus)} is {options.Value.Prometheus}, and something else listens there; name another port, or leave it empty.", e);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is null) return;
        await _server.StopAsync(cancellationToken);
        await _server.DisposeAsync();
        _server = null;
    }
}
