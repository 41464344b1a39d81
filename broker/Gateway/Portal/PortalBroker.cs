using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Portal.Hosting;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>The portal's way to the broker's API: it trusts the authority this gateway joined, and no other.</summary>
internal sealed class PortalBroker(IOptions<GatewayOptions> gateway, IOptions<PortalOptions> portal) : IDisposable
{
    private readonly Lock _once = new();
    private GrpcChannel? _channel;

    public Employee.EmployeeClient Client() => new(Channel());

    public SecondStep.SecondStepClient SecondSteps() => new(Channel());

    public Factors.FactorsClient Factors() => new(Channel());

    public PasskeySignIn.PasskeySignInClient PasskeySignIns() => new(Channel());

    public ProviderSignIn.ProviderSignInClient Providers() => new(Channel());

    public CertificateSignIn.CertificateSignInClient Certificates() => new(Channel());

    public void Dispose() => _channel?.Dispose();

    private GrpcChannel Channel()
    {
        lock (_once) return _channel ??= JoinBroker.Open(new Uri(portal.Value.Broker), Authority(), null);
    }

    // Before the first join nobody is trusted: a page then says that the broker does not answer, and the next try may do.
    private string Authority()
    {
        if (GatewayIdentity.Load(gateway.Value.StateDirectory) is not { } identity)
            throw new RpcException(new Status(StatusCode.Unavailable, "This gateway has not joined a broker yet."));
        using (identity.Certificate) return identity.AuthoritySha256;
    }
}
