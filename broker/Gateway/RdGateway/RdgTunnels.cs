using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>An open tunnel, as far as it can be asked to prove itself again.</summary>
/// <param name="CookieSha256">Of the cookie that opened it; null when none did.</param>
/// <param name="CanProve">Whether the client knows how (capability 0x10).</param>
internal sealed record RdgTunnel(RdgTransport Transport, string ConnectionId, IPAddress Client, byte[]? CookieSha256, bool CanProve)
{
    /// <summary>What the client names it by; nobody guesses it.</summary>
    public ulong Context { get; } = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}

/// <summary>Open tunnels: the word that keeps a silent one open on its way through proxies, and the request to prove oneself again.</summary>
/// <remarks>A client's keepalive is never answered: it answers ours in kind, and the two would never stop.</remarks>
internal sealed class RdgTunnels(OpenConnections connections, IOptions<RdGatewayOptions> options, TimeProvider time, ILogger<RdgTunnels> log) : BackgroundService
{
    private static readonly byte[] Keepalive = NewKeepalive();
    private readonly ConcurrentDictionary<RdgTunnel, long> _open = new();
    private readonly ConcurrentDictionary<ulong, (RdgTunnel Tunnel, long Since)> _asked = new();

    public int Count => _open.Count;

    public void Add(RdgTunnel tunnel) => _open[tunnel] = tunnel.Transport.Sent;

    public void Remove(RdgTunnel tunnel)
    {
        _open.TryRemove(tunnel, out _);
        _asked.TryRemove(tunnel.Context, out _);
    }

    /// <summary>Asks every client that can to prove itself again, unless it was asked and still has time (MS-TSGU 3.3.5).</summary>
    public void AskForProof()
    {
        if (!options.Value.ProveAgain) return;
        foreach (var tunnel in _open.Keys.Where(t => t is { CanProve: true, CookieSha256: not null }))
        {
            if (_asked.TryAdd(tunnel.Context, (tunnel, time.GetTimestamp()))) _ = SendAsync(tunnel.Transport, Request(tunnel.Context), CancellationToken.None);
        }
    }

    /// <summary>The tunnel that was asked under this context and has this client and this cookie; null when there is none.</summary>
    public RdgTunnel? Proved(ulong context, IPAddress client, string? cookie) =>
        _asked.TryGetValue(context, out var asked) && asked.Tunnel.Client.Equals(client) && cookie is not null
        && CryptographicOperations.FixedTimeEquals(asked.Tunnel.CookieSha256, HashOf(cookie)) ? asked.Tunnel : null;

    /// <summary>The client has done what it was asked for.</summary>
    public void Answered(RdgTunnel tunnel) => _asked.TryRemove(tunnel.Context, out _);

    public static byte[] HashOf(string cookie) => SHA256.HashData(Encoding.UTF8.GetBytes(cookie));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(options.Value.Keepalive, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try { await SweepAsync(stoppingToken); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.SweepFailed(e); }
        }
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        foreach (var (tunnel, before) in _open)
        {
            var sent = tunnel.Transport.Sent;
            _open.TryUpdate(tunnel, sent, before);
            if (sent == before) _ = SendAsync(tunnel.Transport, Keepalive, stopping);   // a client that takes nothing must not hold up the others
        }
        foreach (var (context, (tunnel, since)) in _asked)
        {
            if (time.GetElapsedTime(since) < options.Value.ProveWithin || !_asked.TryRemove(context, out _)) continue;
            await connections.EndAsync(tunnel.ConnectionId, RelayEnd.NotProvedAgain);
        }
    }

    private static async Task SendAsync(RdgTransport transport, byte[] packet, CancellationToken stopping)
    {
        try { await transport.SendAsync(packet, stopping); }
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

    private static byte[] Request(ulong context)
    {
        var w = new WireWriter(stackalloc byte[TsguSmall.ReauthenticationLength], nameof(TsguSmall));
        TsguSmall.WriteReauthentication(ref w, context);
        return w.WrittenSpan.ToArray();
    }
}
