using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Joining;

/// <summary>First contact: a key made here, the one-time token, and back comes the certificate. Also its renewal.</summary>
internal static class JoinBroker
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static async Task<Identity> JoinAsync(JoinDocument document, string systemUuid, CancellationToken ct)
    {
        var trust = new BrokerTrust(document.AuthoritySha256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var channel = BrokerConnection.Open(document.Enrolment, trust, certificate: null);
        var request = new JoinRequest
        {
            JoinToken = document.Token,
            CertificateRequest = RequestFor(key),
            SystemUuid = systemUuid,
            ComputerName = Environment.MachineName,
        };
        var answer = await new AgentEnrolment.AgentEnrolmentClient(channel).JoinAsync(request, deadline: DateTime.UtcNow + Longest, cancellationToken: ct);
        var authority = trust.Authority ?? throw new InvalidOperationException("The broker answered without a certificate.");
        return Received(answer, key, document.Channel, authority, TokenHash(document));
    }

    public static async Task<Identity> RenewAsync(Identity current, AgentChannel.AgentChannelClient client, CancellationToken ct)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var answer = await client.RenewAsync(new RenewRequest { CertificateRequest = RequestFor(key) }, deadline: DateTime.UtcNow + Longest, cancellationToken: ct);
        return Received(answer, key, current.Channel, current.Authority, current.TokenSha256);
    }

    public static string TokenHash(JoinDocument document) => Convert.ToHexStringLower(JoinDocument.TokenSha256(document.Token) ?? []);

    private static Identity Received(JoinResponse answer, ECDsa key, Uri channel, X509Certificate2 authority, string tokenSha256)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(answer.Certificate.Span);
        return new Identity(answer.MachineId, channel, IdentityStore.WithUsableKey(certificate, key), authority, tokenSha256);
    }

    private static ByteString RequestFor(ECDsa key) =>
        ByteString.CopyFrom(new CertificateRequest("CN=montalegre-machine", key, HashAlgorithmName.SHA256).CreateSigningRequest());
}
