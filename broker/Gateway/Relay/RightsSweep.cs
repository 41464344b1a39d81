using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.RdGateway;
using Montalegre.Vdi.Gateway.Tickets;

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>
/// Asks the broker whether those who are connected may stay, when it says that somebody may have lost a right and from time to
/// time, and ends the connections of those who may not (ADR 25).
/// </summary>
/// <remarks>INVARIANT: a broker that does not answer ends nobody's connection.</remarks>
internal sealed class RightsSweep(
    ITicketRedeemer tickets, OpenConnections connections, RdgTunnels tunnels, IOptions<GatewayOptions> options, TimeProvider time, ILogger<RightsSweep> log)
    : BackgroundService
{
    // Orders that come while one is carried out are one more: the broker knows then what they were about.
    private readonly Channel<bool> _ordered = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Asks about all connections now.</summary>
    public void CheckSoon() => _ordered.Writer.TryWrite(true);

    /// <summary>Ends one connection if its person may not go on; true when it was ended.</summary>
    public async Task<bool> CheckAsync(string connectionId, CancellationToken ct) => await EndWithdrawnAsync([connectionId], ct) > 0;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(OnOrdersAsync(stoppingToken), OnTicksAsync(stoppingToken));

    private async Task OnOrdersAsync(CancellationToken stopping)
    {
        await foreach (var _ in _ordered.Reader.ReadAllAsync(stopping)) await TryAsync(stopping);
    }

    private async Task OnTicksAsync(CancellationToken stopping)
    {
        if (options.Value.RecheckEvery == TimeSpan.Zero) return;
        using var tick = new PeriodicTimer(options.Value.RecheckEvery, time);
        while (await tick.WaitForNextTickAsync(stopping))
            if (await TryAsync(stopping)) tunnels.AskForProof();
    }

    private async Task<bool> TryAsync(CancellationToken stopping)
    {
        try
        {
            await EndWithdrawnAsync([.. connections.All.Select(c => c.ConnectionId)], stopping);
            return true;
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            log.RecheckFailed(connections.Count, e is Grpc.Core.RpcException rpc ? rpc.Status.Detail : e.Message);
            return false;
        }
    }

    private async Task<int> EndWithdrawnAsync(IReadOnlyCollection<string> open, CancellationToken ct)
    {
        if (open.Count == 0) return 0;
        var withdrawn = await tickets.WithdrawnAsync(open, ct);
        foreach (var connection in withdrawn)
        {
            log.AccessWithdrawn(connection.ConnectionId, connection.Code);
            await connections.EndAsync(connection.ConnectionId, connection.Code == ReasonCode.NotEntitled ? RelayEnd.NotEntitled : RelayEnd.AccessWithdrawn);
        }
        return withdrawn.Count;
    }
}
