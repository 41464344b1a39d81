namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Section <c>Portal</c>: where the broker is, whom to trust, and where the keys of the cookies live.</summary>
public sealed class PortalOptions
{
    public const string Section = "Portal";

    /// <summary>The broker's address, for example <c>https://broker.example.pt:7443</c>. Not needed when the host registers its own channel.</summary>
    public string Broker { get; set; } = "";

    /// <summary>PEM file with the authority that signed the broker's certificate; empty: the authority the gateway joined, elsewhere the machine's own list.</summary>
    public string BrokerAuthority { get; set; } = "";

    /// <summary>Folder of the keys that protect the cookies; all gateways of a site share it. Empty: the user's profile.</summary>
    public string KeyFolder { get; set; } = "";

    /// <summary>SHA-256 of the RDP door's certificate in hex; it then stands in the command line. Empty: trust on first use.</summary>
    public string RdpCertificateSha256 { get; set; } = "";

    /// <summary>Whether desktops open in the browser here. The gateway says so itself: without its worker they do not.</summary>
    public bool InBrowser { get; set; } = true;

    /// <summary>True where these pages' own address is an RD Gateway too; set by the gateway that serves them.</summary>
    public bool RdGateway { get; set; }

    /// <summary>Where browsers show certificates, as an https address or only its port (<c>:8444</c>); set by the gateway that serves it. Empty: certificates sign nobody in.</summary>
    public string CertificateAddress { get; set; } = "";

    /// <summary>PEM certificate, with chain, that signs .rdp files, so that clients name the publisher; empty: not signed.</summary>
    public string SigningCertificateFile { get; set; } = "";

    /// <summary>PEM private key of <see cref="SigningCertificateFile"/>; RSA, as mstsc wants it.</summary>
    public string SigningKeyFile { get; set; } = "";

    /// <summary>How long one question to the broker may take.</summary>
    public TimeSpan BrokerDeadline { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a page waits for the first answer of a launch before it shows the waiting page.</summary>
    public TimeSpan FirstAnswer { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>How often a page without script asks again while a launch waits.</summary>
    public TimeSpan WaitingRefresh { get; set; } = TimeSpan.FromSeconds(3);

    public IEnumerable<string> Problems()
    {
        if (Broker.Length > 0 && !(Uri.TryCreate(Broker, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps))
            yield return $"{Section}:{nameof(Broker)} is '{Broker}'; use an https address such as https://broker.example.pt:7443.";
        if (BrokerAuthority.Length > 0 && !File.Exists(BrokerAuthority))
            yield return $"{Section}:{nameof(BrokerAuthority)} names '{BrokerAuthority}', which does not exist; give the PEM file of the broker's authority.";
        if (RdpCertificateSha256.Length > 0 && !(RdpCertificateSha256.Length == 64 && RdpCertificateSha256.All(char.IsAsciiHexDigit)))
            yield return $"{Section}:{nameof(RdpCertificateSha256)} is not 64 hex digits; give the SHA-256 of the certificate, or leave it empty.";
        if ((SigningCertificateFile.Length == 0) != (SigningKeyFile.Length == 0))
            yield return $"{Section}:{nameof(SigningCertificateFile)} and {Section}:{nameof(SigningKeyFile)} go together; set both or neither.";
        foreach (var file in new[] { SigningCertificateFile, SigningKeyFile })
        {
            if (file.Length > 0 && !File.Exists(file)) yield return $"{Section}: the file {file} does not exist; correct the path.";
        }
        if (BrokerDeadline <= TimeSpan.Zero || BrokerDeadline > TimeSpan.FromMinutes(1))
            yield return $"{Section}:{nameof(BrokerDeadline)} is {BrokerDeadline}; use between 1 second and 1 minute.";
        if (FirstAnswer <= TimeSpan.Zero || FirstAnswer > TimeSpan.FromSeconds(10))
            yield return $"{Section}:{nameof(FirstAnswer)} is {FirstAnswer}; use between 0.1 and 10 seconds.";
        if (WaitingRefresh < TimeSpan.FromSeconds(1) || WaitingRefresh > TimeSpan.FromMinutes(1))
            yield return $"{Section}:{nameof(WaitingRefresh)} is {WaitingRefresh}; use between 1 second and 1 minute.";
    }
}
