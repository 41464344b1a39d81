using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>The gRPC face of gateways that have joined: the caller is the gateway in the certificate.</summary>
internal sealed class GatewayChannelService(
    RedeemTicket redeem, RecheckConnections recheck, GatewayConversation conversation, CertificateAuthority authority, IHostApplicationLifetime lifetime) : GatewayChannel.GatewayChannelBase
{
    public override Task<RedeemResponse> Redeem(RedeemRequest request, ServerCallContext context) =>
        redeem.RunAsync(Gateway(context), request, context.CancellationToken);

    public override Task<RecheckResponse> Recheck(RecheckRequest request, ServerCallContext context) => recheck.RunAsync(Gateway(context), request);

    public override async Task Connections(IAsyncStreamReader<ConnectionReport> requestStream, IServerStreamWriter<GatewayOrder> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        if (!await conversation.RunAsync(Gateway(context), Peers.Address(context), requestStream, responseStream, ending.Token))
            throw Refusal.Refused(RefusalReason.NotAllowed, "gateway");
        if (lifetime.ApplicationStopping.IsCancellationRequested) throw Refusal.Refused(RefusalReason.BrokerUnavailable);
    }

    public override async Task<GatewayJoinResponse> Renew(GatewayRenewRequest request, ServerCallContext context) =>
        Joined(Gateway(context), await authority.IssueAsync(request.CertificateRequest.Memory, PeerKind.Gateway, Gateway(context).Value));

    /// <summary>The answer to a join or a renewal.</summary>
    internal static GatewayJoinResponse Joined(GatewayId gateway, CertificateOutcome outcome) => outcome switch
    {
        CertificateOutcome.Issued issued => new GatewayJoinResponse
        {
            GatewayId = gateway.Value.ToString("D"),
            Certificate = ByteString.CopyFrom(issued.Certificate),
            Authority = ByteString.CopyFrom(issued.Authority),
            NotAfter = issued.NotAfter.ToTimestamp(),
        },
        CertificateOutcome.Refused refused => throw Refusal.Refused(RefusalReason.CertificateRequestInvalid, refused.Detail),
        _ => throw new InvalidOperationException($"{outcome} is not an outcome"),
    };

    private static GatewayId Gateway(ServerCallContext context) => new(PeerIdentity.Of(context).SubjectId);
}
