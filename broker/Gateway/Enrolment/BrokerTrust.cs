using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Contracts;

namespace Montalegre.Vdi.Gateway.Enrolment;

/// <summary>Accepts a server when it is named as the broker and hangs from the one authority whose hash is known here.</summary>
internal sealed class BrokerTrust(string authoritySha256)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>The authority the broker sent along; null before the first accepted handshake.</summary>
    public X509Certificate2? Authority { get; private set; }

    public bool Accepts(X509Certificate? presented, X509Chain? handshake)
    {
        if (presented is not X509Certificate2 leaf || handshake is null) return false;
        if (!leaf.MatchesHostname(JoinDocument.BrokerServerName, allowWildcards: false, allowCommonName: false)) return false;
        var sent = handshake.ChainPolicy.ExtraStore.Concat(handshake.ChainElements.Select(e => e.Certificate)).Append(Authority);
        if (sent.FirstOrDefault(IsAuthority) is not { } authority || IsAuthority(leaf)) return false;

        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true } };
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        if (!chain.Build(leaf)) return false;
        Authority ??= X509CertificateLoader.LoadCertificate(authority.RawData);
        return true;
    }

    private bool IsAuthority(X509Certificate2? certificate) => certificate is not null
        && Convert.ToHexString(SHA256.HashData(certificate.RawData)).Equals(authoritySha256, StringComparison.OrdinalIgnoreCase);
}
