using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>The syslog server that gets the audit record over TLS (RFC 5425); empty: none.</summary>
internal sealed class AuditSyslogOptions : IOptionsWithProblems
{
    private const int UsualPort = 6514;

    public static string SectionName => "AuditSyslog";

    /// <summary>host or host:port.</summary>
    public string Server { get; set; } = "";

    /// <summary>Certificates in PEM of the authorities that are trusted; empty: the system's.</summary>
    public string AuthorityFile { get; set; } = "";

    /// <summary>Certificate in PEM by which this broker shows who it is, with its key; empty: none.</summary>
    public string CertificateFile { get; set; } = "";

    public string KeyFile { get; set; } = "";

    /// <summary>How often what was sealed since is sent.</summary>
    public TimeSpan Every { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the server may take to connect, and to take one batch.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(15);

    public bool Enabled => Server.Length > 0;

    public (string Host, int Port) Address => Uri.TryCreate($"syslog://{Server}", UriKind.Absolute, out var uri) ? (uri.Host.Trim('[', ']'), uri.Port < 0 ? UsualPort : uri.Port) : (Server, UsualPort);

    /// <summary>Whom to trust; null: whom the system trusts. Read each time, so that a new file counts at once.</summary>
    public X509ChainPolicy? Trust() => AuthorityFile.Length == 0 ? null : TrustedAuthorities.Only(File.ReadAllText(AuthorityFile));

    public IEnumerable<string> Problems()
    {
        if (!Enabled) yield break;
        if (!Uri.TryCreate($"syslog://{Server}", UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.PathAndQuery.Trim('/').Length > 0) yield return $"{SectionName}:{nameof(Server)} is '{Server}'; use host or host:port.";
        foreach (var (key, file) in new[] { (nameof(AuthorityFile), AuthorityFile), (nameof(CertificateFile), CertificateFile), (nameof(KeyFile), KeyFile) })
            if (file.Length > 0 && !File.Exists(file)) yield return $"{SectionName}:{key} is '{file}', which is not there.";
        if (CertificateFile.Length > 0 != KeyFile.Length > 0) yield return $"{SectionName}:{nameof(CertificateFile)} and {SectionName}:{nameof(KeyFile)} belong together; set both or none.";
        if (AuthorityFile.Length > 0 && File.Exists(AuthorityFile) && Unreadable() is { } why) yield return $"{SectionName}:{nameof(AuthorityFile)} holds no certificate in PEM: {why}";
        if (Every < TimeSpan.FromSeconds(1)) yield return $"{SectionName}:{nameof(Every)} is {Every}; use 00:00:01 or more.";
        if (Patience <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(Patience)} is {Patience}; use for example 00:00:15.";
    }

    private string? Unreadable()
    {
        try { return Trust() is { CustomTrustStore.Count: > 0 } ? null : "it is empty"; }
        catch (CryptographicException e) { return e.Message; }
    }
}
