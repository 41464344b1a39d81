using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Contracts;

namespace Montalegre.Vdi.Agent.Joining;

/// <summary>
/// Decides whether the other end is our broker: its certificate names the broker and hangs from the CA whose hash the
/// join document carries. The machine's own list of authorities has no say, and neither has the address dialled.
/// </summary>
internal sealed class BrokerTrust(string authoritySha256)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The CA as the broker sent it in the last accepted handshake.</summary>
    public X509Certificate2? Authority { get; private set; }

    public bool Accepts(X509Certificate? presented, X509Chain? handshake, SslPolicyErrors errors)
    {
        if (presented is not X509Certificate2 leaf || handshake is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) return false;
        var sent = handshake.ChainPolicy.ExtraStore.Concat(handshake.ChainElements.Select(e => e.Certificate));
        if (sent.FirstOrDefault(IsPinned) is not { } authority) return false;
        if (IsPinned(leaf) || !leaf.MatchesHostname(JoinDocument.BrokerServerName, allowWildcards: false, allowCommonName: false)) return false;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (!chain.Build(leaf)) return false;
        Authority = X509CertificateLoader.LoadCertificate(authority.RawData);
        return true;
    }

    private bool IsPinned(X509Certificate2 certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)) == authoritySha256;
}
