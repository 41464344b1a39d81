using System.Collections.Concurrent;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

#pragma warning disable CA1001 // Its semaphore is never disposed: an order may wait for its turn as the stream ends.
/// <summary>One open stream of one gateway; orders take turns on it, also those that come as it ends.</summary>
internal sealed class GatewayStream(GatewayId gateway, IServerStreamWriter<GatewayOrder> writer)
{
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <summary>The gateway behind the certificate.</summary>
    public GatewayId Gateway { get; } = gateway;

    /// <summary>Sends one order.</summary>
    public async Task SendAsync(GatewayOrder order, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            await writer.WriteAsync(order, ct);
        }
        finally
        {
            _writing.Release();
        }
    }
}
#pragma warning restore CA1001

/// <summary>All gateway streams of this node, and the way to have a connection closed.</summary>
internal sealed class GatewayDirectory(GatewayStore gateways)
{
    private readonly ConcurrentDictionary<GatewayId, GatewayStream> _streams = new();

    /// <summary>The newest stream is the gateway's.</summary>
    public void Admit(GatewayStream stream) => _streams[stream.Gateway] = stream;

    /// <summary>False when a newer stream has taken its place.</summary>
    public bool Leave(GatewayStream stream) => _streams.TryRemove(new(stream.Gateway, stream));

    /// <summary>Whether the gateway has a stream here.</summary>
    public bool Has(GatewayId gateway) => _streams.ContainsKey(gateway);

    /// <summary>Orders the gateway to close a connection. False: it is closed already, or its gateway is not connected here.</summary>
    public async Task<bool> CloseConnectionAsync(ConnectionId connection, ReasonCode reason, CancellationToken ct)
    {
        return await gateways.GatewayOfAsync(connection, ct) is { } gateway
            && await SendAsync(gateway, new GatewayOrder { Close = new CloseConnection { ConnectionId = connection.Value.ToString("D"), Code = reason } }, ct);
    }

    /// <summary>A gateway that is connected here, if any is.</summary>
    public GatewayId? Any() => _streams.Keys.Select(g => (GatewayId?)g).FirstOrDefault();

    /// <summary>All gateways that are connected here.</summary>
    public IReadOnlyCollection<GatewayId> All => [.. _streams.Keys];

    /// <summary>Sends an order. False: the gateway is not connected here.</summary>
    public async Task<bool> SendAsync(GatewayId gateway, GatewayOrder order, CancellationToken ct)
    {
        if (!_streams.TryGetValue(gateway, out var stream)) return false;
        try
        {
            await stream.SendAsync(order, ct);
            return true;
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or IOException)
        {
            return false;   // the stream broke under our hands, which is the same as not connected
        }
    }
}
