using System.Net;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Protocol.Tsgu;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>Decides about a client that proves itself again: it was asked, it comes from where it is, it has the same cookie, and the broker lets it stay.</summary>
internal sealed class RdgProof(RdgTunnels tunnels, RightsSweep rights, AddressLimits limits, IOptions<GatewayOptions> gateway, ILogger<RdgProof> log)
{
    public async Task<bool> TakeAsync(TsguStep.ProveAgain again, IPAddress client, CancellationToken ct)
    {
        if (tunnels.Proved(again.Context, client, again.Cookie) is not { } tunnel)
        {
            if (limits.CountWrongTicket(client)) log.TooManyWrongTickets(client, gateway.Value.Limits.WrongTicketsPerMinute);
            return false;
        }
        try
        {
            if (await rights.CheckAsync(tunnel.ConnectionId, ct)) return false;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Its cookie is right, and a broker that is away ends nobody's connection.
            log.RecheckFailed(1, e is Grpc.Core.RpcException rpc ? rpc.Status.Detail : e.Message);
        }
        tunnels.Answered(tunnel);
        log.ProvedAgain(tunnel.ConnectionId);
        return true;
    }
}
