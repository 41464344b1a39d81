using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Net.Client;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Gateway.Enrolment;

/// <summary>The one-time token, a key made here, and back comes a certificate; later the same with the certificate in the token's place.</summary>
internal static class JoinBroker
{
    private static readonly TimeSpan CallDeadline = TimeSpan.FromSeconds(20);

    public static async Task<GatewayIdentity> JoinAsync(JoinInstructions instructions, string name, TimeProvider time, CancellationToken ct)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var channel = Open(instructions.Enrolment, instructions.AuthoritySha256, null);
        var request = new GatewayJoinRequest { JoinToken = instructions.Token, CertificateRequest = RequestFor(key), Name = name };
        var answer = await new GatewayEnrolment.GatewayEnrolmentClient(channel).JoinAsync(request, deadline: Deadline(time), cancellationToken: ct);
        return Received(answer, key, instructions.Channel, instructions.AuthoritySha256);
    }

    public static async Task<GatewayIdentity> RenewAsync(GatewayIdentity current, GatewayChannel.GatewayChannelClient client, TimeProvider time, CancellationToken ct)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var answer = await client.RenewAsync(new GatewayRenewRequest { CertificateRequest = RequestFor(key) }, deadline: Deadline(time), cancellationToken: ct);
        return Received(answer, key, current.Channel, current.AuthoritySha256);
    }

    /// <summary>A channel that trusts nobody but the broker, by whatever address it is reached.</summary>
    public static GrpcChannel Open(Uri address, string authoritySha256, X509Certificate2? identity)
    {
        var trust = new BrokerTrust(authoritySha256);
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),      // a broker that vanished without a word is noticed
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions
            {
                TargetHost = JoinDocument.BrokerServerName,
                RemoteCertificateValidationCallback = (_, certificate, chain, _) => trust.Accepts(certificate, chain),
                ClientCertificateContext = identity is null ? null : SslStreamCertificateContext.Create(identity, null, offline: true),
            },
        };
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    private static GatewayIdentity Received(GatewayJoinResponse answer, ECDsa key, Uri channel, string authoritySha256)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(answer.Certificate.Span);
        return new GatewayIdentity(answer.GatewayId, channel, authoritySha256, certificate.CopyWithPrivateKey(key));
    }

    private static ByteString RequestFor(ECDsa key) =>
        ByteString.CopyFrom(new CertificateRequest("CN=montalegre-gateway", key, HashAlgorithmName.SHA256).CreateSigningRequest());

    private static DateTime Deadline(TimeProvider time) => time.GetUtcNow().UtcDateTime + CallDeadline;
}
