namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>Where the console listens, and which broker it talks to. Section <c>Console</c>.</summary>
public sealed class ConsoleOptions
{
    public const string Section = "Console";

    /// <summary>Addresses to listen on, separated by semicolons; https only.</summary>
    public string Urls { get; set; } = "https://127.0.0.1:8443";

    /// <summary>PEM file with the console's certificate and its chain.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>PEM file with the private key; empty when it stands in the certificate's file.</summary>
    public string CertificateKeyPath { get; set; } = "";

    /// <summary>How often both files are looked at for another certificate.</summary>
    public TimeSpan CertificateLookEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The broker's API, for example https://127.0.0.1:7443.</summary>
    public string BrokerAddress { get; set; } = "";

    /// <summary>PEM file with the installation's certification authority, which signed the broker's certificate.</summary>
    public string BrokerCertificateAuthorityPath { get; set; } = "";

    /// <summary>The name that must stand in the broker's certificate, whatever address it is reached at.</summary>
    public string BrokerName { get; set; } = "broker.montalegre.internal";

    /// <summary>A gateway's address for certificates, for example https://cartao.example.pt; empty: certificates sign nobody in here.</summary>
    public string CertificateAddress { get; set; } = "";

    /// <summary>Directory of the keys that protect the sign-in cookie; empty: in memory, a restart signs everyone out.</summary>
    public string KeysPath { get; set; } = "";

    /// <summary>Directory of the log as compact JSON, a file a day; empty: the log goes to standard output only.</summary>
    public string LogDirectory { get; set; } = "";

    /// <summary>The most often a live page is drawn again.</summary>
    public TimeSpan DrawInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    public IEnumerable<string> Problems()
    {
        foreach (var url in Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!url.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
                yield return $"{Section}:{nameof(Urls)} has {url}; the console speaks https only, use https://address:port.";
        }
        if (string.IsNullOrWhiteSpace(Urls)) yield return $"{Section}:{nameof(Urls)} is empty; use https://address:port.";
        if (Missing(CertificatePath)) yield return $"{Section}:{nameof(CertificatePath)} is '{CertificatePath}', which is no file; give the PEM file of the console's certificate.";
        if (CertificateKeyPath.Length > 0 && Missing(CertificateKeyPath)) yield return $"{Section}:{nameof(CertificateKeyPath)} is '{CertificateKeyPath}', which is no file; give the PEM file of its key, or leave it empty.";
        if (!Uri.TryCreate(BrokerAddress, UriKind.Absolute, out var broker) || broker.Scheme != Uri.UriSchemeHttps)
            yield return $"{Section}:{nameof(BrokerAddress)} is '{BrokerAddress}'; use the broker's https address, for example https://127.0.0.1:7443.";
        if (Missing(BrokerCertificateAuthorityPath)) yield return $"{Section}:{nameof(BrokerCertificateAuthorityPath)} is '{BrokerCertificateAuthorityPath}', which is no file; give the PEM file of the installation's certification authority.";
        if (CertificateAddress.Length > 0 && !(Uri.TryCreate(CertificateAddress, UriKind.Absolute, out var cards) && cards.Scheme == Uri.UriSchemeHttps && cards.PathAndQuery == "/"))
            yield return $"{Section}:{nameof(CertificateAddress)} is '{CertificateAddress}'; use the gateway's https address for certificates, for example https://cartao.example.pt, or leave it empty.";
        if (LogDirectory.Length > 0 && !Directory.Exists(LogDirectory)) yield return $"{Section}:{nameof(LogDirectory)} is '{LogDirectory}', which is no directory; make it for the console's user, or leave it empty.";
        if (string.IsNullOrWhiteSpace(BrokerName)) yield return $"{Section}:{nameof(BrokerName)} is empty; use broker.montalegre.internal.";
        if (CertificateLookEvery < TimeSpan.FromSeconds(1) || CertificateLookEvery > TimeSpan.FromDays(1)) yield return $"{Section}:{nameof(CertificateLookEvery)} is {CertificateLookEvery}; use 00:00:01 to 1.00:00:00.";
        if (DrawInterval < TimeSpan.FromMilliseconds(100) || DrawInterval > TimeSpan.FromSeconds(5))
            yield return $"{Section}:{nameof(DrawInterval)} is {DrawInterval}; use 0.1 to 5 seconds.";
    }

    private static bool Missing(string path) => string.IsNullOrWhiteSpace(path) || !File.Exists(path);
}
