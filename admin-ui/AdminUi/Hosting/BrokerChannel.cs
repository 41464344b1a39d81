using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>The one channel to the broker. Trusts only the installation's own authority, and only the broker's name.</summary>
internal sealed class BrokerChannel : IDisposable
{
    private readonly X509Certificate2Collection _authority = [];
    private readonly string _brokerName;

    public BrokerChannel(IOptions<ConsoleOptions> options)
    {
        _authority.ImportFromPemFile(options.Value.BrokerCertificateAuthorityPath);
        _brokerName = options.Value.BrokerName;
        var handler = new SocketsHttpHandler
        {
            // Three watch streams for each administrator: one HTTP/2 connection would fill at about thirty of them.
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            ConnectTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
            UseProxy = false,
            SslOptions = { TargetHost = _brokerName, RemoteCertificateValidationCallback = (_, certificate, _, _) => IsBroker(certificate) },
        };
        Channel = GrpcChannel.ForAddress(options.Value.BrokerAddress, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = 64 * 1024 * 1024,   // one snapshot of 100,000 machines is about 30 MB
        });
    }

    public GrpcChannel Channel { get; }

    private bool IsBroker(X509Certificate? presented)
    {
        if (presented is null) return false;
        using var certificate = new X509Certificate2(presented);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate) && certificate.MatchesHostname(_brokerName, allowWildcards: false, allowCommonName: false);
    }

    public void Dispose() => Channel.Dispose();
}
