using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>The gRPC face of first contact: the caller proves itself by its one-time token.</summary>
internal sealed class AgentEnrolmentService(JoinMachine join) : AgentEnrolment.AgentEnrolmentBase
{
    public override async Task<JoinResponse> Join(JoinRequest request, ServerCallContext context) =>
        await join.RunAsync(request, Peers.Address(context)) switch
        {
            JoinOutcome.Joined joined => AgentChannelService.Joined(joined.Machine, joined.Certificate),
            JoinOutcome.Refused refused => throw Refusal.Refused(refused.Reason),
            var other => throw new InvalidOperationException($"{other} is not an outcome"),
        };
}
