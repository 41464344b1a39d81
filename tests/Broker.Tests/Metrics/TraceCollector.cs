using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Montalegre.Vdi.Broker.Tests.Metrics;

/// <summary>Stands in for an OpenTelemetry collector, which no package of the test machine has: takes OTLP over gRPC and keeps its bytes.</summary>
internal sealed class TraceCollector : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Lock _lock = new();
    private readonly MemoryStream _received = new();

    private TraceCollector(WebApplication server) => _server = server;

    public string Address => _server.Urls.First();

    public static async Task<TraceCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http2));
        var collector = new TraceCollector(builder.Build());
        collector._server.MapPost("/opentelemetry.proto.collector.{kind}.v1.{service}/Export", collector.TakeAsync);
        await collector._server.StartAsync();
        return collector;
    }

    /// <summary>Whether bytes came that hold all of these one after the other, as a span holds its trace, its parent and its name.</summary>
    public bool Has(params byte[][] parts)
    {
        lock (_lock)
        {
            var rest = _received.GetBuffer().AsSpan(0, (int)_received.Length);
            foreach (var part in parts)
            {
                var at = rest.IndexOf(part);
                if (at < 0) return false;
                rest = rest[(at + part.Length)..];
            }
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync();
        await _server.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        lock (_lock) body.WriteTo(_received);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);     // an empty message
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
