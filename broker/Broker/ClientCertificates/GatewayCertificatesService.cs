using Grpc.Core;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>What gateways say about certificates that browsers have shown them; mapped on the channel alone, where the caller has proved to be a gateway.</summary>
internal sealed class GatewayCertificatesService(PresentCertificate present) : GatewayCertificates.GatewayCertificatesBase
{
    public override async Task<PresentCertificateResponse> Present(PresentCertificateRequest request, ServerCallContext context)
    {
        var answer = await present.RunAsync(request.State, [.. request.Chain.Select(one => one.Memory)], request.ClientAddress, context.CancellationToken);
        var response = new PresentCertificateResponse { Console = answer.Audience is Audience.Administrator };
        if (answer.Refused is { } reason) response.Refused = new Reason { Code = (ReasonCode)(int)reason, Detail = answer.Detail };
        else response.HandOver = answer.HandOver;
        return response;
    }
}
