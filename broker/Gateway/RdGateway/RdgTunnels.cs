using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>Open tunnels, and the word that keeps a silent one open on its way through proxies. One clock for all of them.</summary>
/// <remarks>A client's keepalive is never answered: it answers ours in kind, and the two would never stop.</remarks>
internal sealed class RdgTunnels(IOptions<RdGatewayOptions> options, TimeProvider time, ILogger<RdgTunnels> log) : BackgroundService
{
    private static readonly byte[] Keepalive = NewKeepalive();
    private readonly ConcurrentDictionary<RdgTransport, long> _open = new();

    public int Count => _open.Count;

    public void Add(RdgTransport transport) => _open[transport] = transport.Sent;

    public void Remove(RdgTransport transport) => _open.TryRemove(transport, out _);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(options.Value.Keepalive, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try { Sweep(stoppingToken); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.SweepFailed(e); }
        }
    }

    private void Sweep(CancellationToken stopping)
    {
        foreach (var (transport, before) in _open)
        {
            var sent = transport.Sent;
            _open.TryUpdate(transport, sent, before);
            if (sent == before) _ = SendAsync(transport, stopping);     // a client that takes nothing must not hold up the others
        }
    }

    private static async Task SendAsync(RdgTransport transport, CancellationToken stopping)
    {
        try { await transport.SendAsync(Keepalive, stopping); }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or NotSupportedException or OperationCanceledException)
        {
            // It is going; its relay sees that by itself.
        }
    }

    private static byte[] NewKeepalive()
    {
        var w = new WireWriter(stackalloc byte[TsguSmall.KeepaliveLength], nameof(TsguSmall));
        TsguSmall.WriteKeepalive(ref w);
        return w.WrittenSpan.ToArray();
    }
}
