using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>What came of a gateway's join.</summary>
internal abstract record GatewayJoinOutcome
{
    private GatewayJoinOutcome() { }

    /// <summary>The token was good and is used up.</summary>
    public sealed record Joined(GatewayId Gateway, CertificateOutcome Certificate) : GatewayJoinOutcome;

    /// <summary>The caller is not told what was wrong with its token.</summary>
    public sealed record Refused(RefusalReason Reason) : GatewayJoinOutcome;
}

/// <summary>Takes a gateway's one-time token and gives it its certificate. A gateway that joins again keeps its id.</summary>
internal sealed class JoinGateway(GatewayStore gateways, CertificateAuthority authority, TimeProvider time, ILogger<JoinGateway> log)
{
    private const int WrongTokensPerMinute = 60;
    private const int MostSources = 10_000;
    private static readonly byte[] NoToken = new byte[32];

    private readonly AttemptLimiter _wrong = new(WrongTokensPerMinute, MostSources, time);

    /// <summary>One token, one gateway, once.</summary>
    public async Task<GatewayJoinOutcome> RunAsync(GatewayJoinRequest request, string source)
    {
        if (_wrong.IsOver(source)) return new GatewayJoinOutcome.Refused(RefusalReason.JoinTokenInvalid);
        if (CertificateRequests.Read(request.CertificateRequest.Memory) is null) return new GatewayJoinOutcome.Refused(RefusalReason.CertificateRequestInvalid);

        var id = new GatewayId(Guid.CreateVersion7(time.GetUtcNow()));
        if (await gateways.JoinAsync(JoinDocument.TokenSha256(request.JoinToken) ?? NoToken, id, Bounded.Text(request.Name, 100), source) is not { } gateway)
        {
            _wrong.Count(source);
            log.GatewayJoinRefused(source);
            return new GatewayJoinOutcome.Refused(RefusalReason.JoinTokenInvalid);
        }
        log.GatewayJoined(gateway, source);
        return new GatewayJoinOutcome.Joined(gateway, await authority.IssueAsync(request.CertificateRequest.Memory, PeerKind.Gateway, gateway.Value));
    }
}
