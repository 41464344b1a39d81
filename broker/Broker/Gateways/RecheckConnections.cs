using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>Tells a gateway which of its open connections have lost their right to be open (ADR 25).</summary>
internal sealed class RecheckConnections(GatewayStore gateways)
{
    private const int Most = 1000;

    /// <summary>Those that may not go on. A connection of another gateway, or one that nobody knows, is not among them.</summary>
    public async Task<RecheckResponse> RunAsync(GatewayId gateway, RecheckRequest request)
    {
        var asked = request.ConnectionIds.Take(Most).Select(id => Guid.TryParseExact(id, "D", out var known) ? known : Guid.Empty).ToHashSet();
        var answer = new RecheckResponse();
        foreach (var row in await gateways.WithdrawnAsync(gateway, asked))
        {
            answer.Withdrawn.Add(new WithdrawnConnection
            {
                ConnectionId = row.ConnectionId.ToString("D"), Code = row.Code == "NOT_ENTITLED" ? ReasonCode.NotEntitled : ReasonCode.AccessWithdrawn,
            });
        }
        return answer;
    }
}
