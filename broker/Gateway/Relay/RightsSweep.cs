using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.RdGateway;
using Montalegre.Vdi.Gateway.Tickets;

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>Asks the broker from time to time whether those who are connected may stay, and ends the connections of those who may not (ADR 25).</summary>
/// <remarks>INVARIANT: a broker that does not answer ends nobody's connection.</remarks>
internal sealed class RightsSweep(
    ITicketRedeemer tickets, OpenConnections connections, RdgTunnels tunnels, IOptions<GatewayOptions> options, TimeProvider time, ILogger<RightsSweep> log)
    : BackgroundService
{
    /// <summary>Ends one connection if its person may not go on; true when it was ended.</summary>
    public async Task<bool> CheckAsync(string connectionId, CancellationToken ct) => await EndWithdrawnAsync([connectionId], ct) > 0;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.RecheckEvery == TimeSpan.Zero) return;
        using var tick = new PeriodicTimer(options.Value.RecheckEvery, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await EndWithdrawnAsync([.. connections.All.Select(c => c.ConnectionId)], stoppingToken);
                tunnels.AskForProof();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.RecheckFailed(connections.Count, e is Grpc.Core.RpcException rpc ? rpc.Status.Detail : e.Message); }
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
