using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>The portal's own way to the broker, used when the host has not registered one.</summary>
internal sealed class BrokerChannel : IDisposable
{
    private readonly GrpcChannel _channel;

    public BrokerChannel(IOptions<PortalOptions> options)
    {
        var portal = options.Value;
        if (portal.Broker.Length == 0)
            throw new InvalidOperationException($"{PortalOptions.Section}:{nameof(PortalOptions.Broker)} is empty; give the broker's https address.");

        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(20),
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
        };
        if (portal.BrokerAuthority.Length > 0)
            handler.SslOptions.CertificateChainPolicy = TrustOnly(portal.BrokerAuthority);
        _channel = GrpcChannel.ForAddress(portal.Broker, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        Client = new Contracts.Gateway.V1.Employee.EmployeeClient(_channel);
        SecondSteps = new Contracts.Identity.V1.SecondStep.SecondStepClient(_channel);
        Providers = new Contracts.Identity.V1.ProviderSignIn.ProviderSignInClient(_channel);
        Certificates = new Contracts.Identity.V1.CertificateSignIn.CertificateSignInClient(_channel);
        Factors = new Contracts.Identity.V1.Factors.FactorsClient(_channel);
        PasskeySignIns = new Contracts.Identity.V1.PasskeySignIn.PasskeySignInClient(_channel);
    }

    public Contracts.Gateway.V1.Employee.EmployeeClient Client { get; }

    public Contracts.Identity.V1.SecondStep.SecondStepClient SecondSteps { get; }

    public Contracts.Identity.V1.Factors.FactorsClient Factors { get; }

    public Contracts.Identity.V1.PasskeySignIn.PasskeySignInClient PasskeySignIns { get; }

    public Contracts.Identity.V1.ProviderSignIn.ProviderSignInClient Providers { get; }

    public Contracts.Identity.V1.CertificateSignIn.CertificateSignInClient Certificates { get; }

    public void Dispose() => _channel.Dispose();

    private static X509ChainPolicy TrustOnly(string pem)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,   // an internal authority has no revocation service
        };
        policy.CustomTrustStore.ImportFromPemFile(pem);
        return policy;
    }
}
