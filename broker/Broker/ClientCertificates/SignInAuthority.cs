using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Montalegre.Vdi.Broker.Certificates;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>What of a certificate says whose it is.</summary>
internal enum NamesBy { SubjectSerialNumber, Upn, Email, CommonName }

/// <summary>How it is found out that a certificate was revoked.</summary>
internal enum Revocation { Off, Online, File }

/// <summary>A certification authority whose certificates sign people in, as administrators set it up.</summary>
internal sealed record SignInAuthority
{
    /// <summary>For whoever uses TLS as a client, RFC 5280 4.2.1.12.</summary>
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public bool Enabled { get; init; } = true;

    /// <summary>In PEM: roots; with authorities below them, only what one of those issued counts.</summary>
    public required string Certificates { get; init; }
    public NamesBy NamesBy { get; init; }

    /// <summary>For the whole name; its first group, or all of it, counts. Empty: the name as it is.</summary>
    public string Pattern { get; init; } = "";

    /// <summary>The name is a user name here; else only links count.</summary>
    public bool ByUserName { get; init; }

    /// <summary>An extended key usage; empty: any.</summary>
    public string Purpose { get; init; } = ClientAuthentication;

    /// <summary>Certificate policies of which one must hold; empty: any.</summary>
    public IReadOnlyList<string> Policies { get; init; } = [];
    public Revocation Revocation { get; init; }

    /// <summary>Its keys ask for a PIN: nothing else is asked for.</summary>
    public bool BothFactors { get; init; }

    /// <summary>Trusts its roots and nobody else; what is below them helps to get there. Nothing is fetched.</summary>
    /// <param name="issuers">Authorities one of which has to have issued a certificate; empty: any.</param>
    public X509ChainPolicy Trust(out IReadOnlyList<X509Certificate2> issuers)
    {
        var policy = TrustedAuthorities.Only(Certificates);
        issuers = [.. policy.CustomTrustStore.Where(certificate => !IsRoot(certificate))];
        foreach (var certificate in issuers) policy.CustomTrustStore.Remove(certificate);
        policy.ExtraStore.AddRange(issuers.ToArray());
        policy.DisableCertificateDownloads = true;
        return policy;
    }

    /// <summary>Its pattern, which takes time in proportion to the name whatever it is; throws <see cref="ArgumentException"/> or <see cref="NotSupportedException"/> for what is none.</summary>
    public Regex? Whole() => Pattern.Length == 0 ? null : new($"^(?:{Pattern})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    public override string ToString() => Name;

    private static bool IsRoot(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
}
