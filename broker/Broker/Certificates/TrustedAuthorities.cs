using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>Whom the broker trusts when it calls others: directories, providers, mail servers, receivers of alerts and of the audit record.</summary>
internal static class TrustedAuthorities
{
    /// <summary>These authorities and nobody else.</summary>
    /// <param name="pem">Certificates in PEM; a text without any trusts nobody.</param>
    public static X509ChainPolicy Only(string pem)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(pem);
        return policy;
    }
}
