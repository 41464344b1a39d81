using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>The gRPC face of agents that have joined: the caller is the machine in the certificate.</summary>
internal sealed class AgentChannelService(AgentConversation conversation, CertificateAuthority authority, IHostApplicationLifetime lifetime) : AgentChannel.AgentChannelBase
{
    public override async Task Connect(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<BrokerMessage> responseStream, ServerCallContext context)
    {
        var machine = new MachineId(PeerIdentity.Of(context).SubjectId);
        // A stream is for life; without this link it would hold up a stopping broker.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        switch (await conversation.RunAsync(machine, Peers.Address(context), requestStream, responseStream, ending.Token))
        {
            case ConversationEnd.NoHello: throw Refusal.Refused(RefusalReason.InvalidField, "hello");
            case ConversationEnd.UnknownMachine: throw Refusal.Refused(RefusalReason.NotAllowed, "machine");
            case ConversationEnd.DuplicateIdentity: throw Refusal.Refused(RefusalReason.DuplicateIdentity);
            case ConversationEnd.TooManyMessages: throw Refusal.Refused(RefusalReason.TooManyConnections, "messages");
            case ConversationEnd.Superseded: throw Refusal.Refused(RefusalReason.AgentSilent);
            case ConversationEnd.AgentLeft when lifetime.ApplicationStopping.IsCancellationRequested: throw Refusal.Refused(RefusalReason.BrokerUnavailable);
        }
    }

    public override async Task<JoinResponse> Renew(RenewRequest request, ServerCallContext context)
    {
        var machine = new MachineId(PeerIdentity.Of(context).SubjectId);
        return Joined(machine, await authority.IssueAsync(request.CertificateRequest.Memory, PeerKind.Machine, machine.Value));
    }

    /// <summary>The answer to a join or a renewal.</summary>
    internal static JoinResponse Joined(MachineId machine, CertificateOutcome outcome) => outcome switch
    {
        CertificateOutcome.Issued issued => new JoinResponse
        {
            MachineId = machine.Value.ToString("D"),
            Certificate = ByteString.CopyFrom(issued.Certificate),
            Authority = ByteString.CopyFrom(issued.Authority),
            NotAfter = issued.NotAfter.ToTimestamp(),
        },
        CertificateOutcome.Refused refused => throw Refusal.Refused(RefusalReason.CertificateRequestInvalid, refused.Detail),
        _ => throw new InvalidOperationException($"{outcome} is not an outcome"),
    };
}
