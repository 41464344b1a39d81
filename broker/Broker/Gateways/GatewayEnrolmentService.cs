using Grpc.Core;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>The gRPC face of a gateway's first contact.</summary>
internal sealed class GatewayEnrolmentService(JoinGateway join) : GatewayEnrolment.GatewayEnrolmentBase
{
    public override async Task<GatewayJoinResponse> Join(GatewayJoinRequest request, ServerCallContext context) =>
        await join.RunAsync(request, Peers.Address(context)) switch
        {
            GatewayJoinOutcome.Joined joined => GatewayChannelService.Joined(joined.Gateway, joined.Certificate),
            GatewayJoinOutcome.Refused refused => throw Refusal.Refused(refused.Reason),
            var other => throw new InvalidOperationException($"{other} is not an outcome"),
        };
}
