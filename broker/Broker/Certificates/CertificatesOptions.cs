using Montalegre.Vdi.Broker.Certificates.Pkcs11;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>Where the key-encryption key is, and which names the certificates of this installation carry.</summary>
internal sealed class CertificatesOptions : IOptionsWithProblems
{
    public static string SectionName => "Certificates";

    /// <summary>
    /// The key that wraps every secret in the database; the same file on every node. Empty: the systemd credential
    /// <c>montalegre-key</c> where there is one, else a file in the state directory, made at the first start.
    /// </summary>
    public string? KeyFile { get; set; }

    /// <summary>A PKCS#11 token for new keys. A key file then holds the name of a key in it, in place of a key.</summary>
    public Pkcs11Options Pkcs11 { get; set; } = new();

    /// <summary>Where systemd puts the credentials of a service; it says so itself.</summary>
    public string? CredentialsDirectory { get; set; } = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY");

    /// <summary>Further DNS names and addresses by which agents, gateways and the console reach this node.</summary>
    public IList<string> ServerNames { get; } = [];

    /// <summary>Names of one server certificate for portal and console in a demonstration; empty makes none.</summary>
    public IList<string> DemonstrationServerNames { get; } = [];

    public IEnumerable<string> Problems()
    {
        if (KeyFile is { Length: > 0 } && !Path.IsPathFullyQualified(KeyFile))
            yield return $"{SectionName}:{nameof(KeyFile)} is '{KeyFile}'; use an absolute path.";
        foreach (var problem in Pkcs11.Problems()) yield return problem;
        foreach (var name in ServerNames.Concat(DemonstrationServerNames))
        {
            if (Uri.CheckHostName(name) == UriHostNameType.Unknown)
                yield return $"{SectionName}: '{name}' is neither a DNS name nor an address; correct {nameof(ServerNames)} or {nameof(DemonstrationServerNames)}.";
        }
    }
}
