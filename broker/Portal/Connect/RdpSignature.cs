using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Portal.Hosting;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>
/// Signs .rdp files as rdpsign.exe does: two lines, the scope and a detached PKCS#7 over the lines within it. The format is
/// not published; it is known from public write-ups of what that program makes.
/// </summary>
internal sealed class RdpSignature : IDisposable
{
    private const uint Unexplained1 = 0x0001_0001;      // two words every such signature begins with; nobody says what they mean
    private const uint Unexplained2 = 1;

    /// <summary>The settings a signature may cover, in the one order that mstsc expects, with their names in the scope.</summary>
    private static readonly (string Setting, string Name)[] Signable =
    [
        ("full address", "Full Address"), ("alternate full address", "Alternate Full Address"),
        ("negotiate security layer", "Negotiate Security Layer"), ("enablecredsspsupport", "EnableCredSspSupport"),
        ("autoreconnection enabled", "AutoReconnection Enabled"), ("gatewayhostname", "GatewayHostname"),
        ("gatewayusagemethod", "GatewayUsageMethod"), ("gatewayprofileusagemethod", "GatewayProfileUsageMethod"),
        ("gatewaycredentialssource", "GatewayCredentialsSource"), ("promptcredentialonce", "PromptCredentialOnce"),
        ("prompt for credentials", "Prompt For Credentials"), ("authentication level", "Authentication Level"), ("audiomode", "AudioMode"),
        ("redirectprinters", "RedirectPrinters"), ("redirectcomports", "RedirectCOMPorts"), ("redirectsmartcards", "RedirectSmartCards"),
        ("redirectclipboard", "RedirectClipboard"), ("drivestoredirect", "DrivesToRedirect"), ("loadbalanceinfo", "LoadBalanceInfo"),
    ];

    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2Collection _chain = [];

    private RdpSignature(string certificateFile, string keyFile)
    {
        _certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        _chain.ImportFromPemFile(certificateFile);
        _chain.RemoveAt(0);
    }

    /// <summary>Null when no certificate is configured: files are then not signed.</summary>
    public static RdpSignature? Of(PortalOptions options) =>
        options.SigningCertificateFile.Length == 0 ? null : new(options.SigningCertificateFile, options.SigningKeyFile);

    /// <summary>The two lines that go to the end of a file with these lines.</summary>
    public string[] LinesFor(IReadOnlyCollection<string> lines)
    {
        var covered = (from s in Signable from line in lines where line.StartsWith(s.Setting + ":", StringComparison.Ordinal) select (s.Name, line)).ToList();
        var scope = $"signscope:s:{string.Join(',', covered.Select(c => c.Name))}";
        var message = string.Concat(covered.Select(c => c.line + "\r\n")) + scope + "\r\n\0";
        return [scope, $"signature:s:{Convert.ToBase64String(Sign(Encoding.Unicode.GetBytes(message)))}"];
    }

    public void Dispose() => _certificate.Dispose();

    private byte[] Sign(byte[] message)
    {
        var cms = new SignedCms(new ContentInfo(message), detached: true);
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, _certificate)
        {
            DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1"),                // SHA-256
            IncludeOption = X509IncludeOption.EndCertOnly,
        };
        signer.Certificates.AddRange(_chain);
        cms.ComputeSignature(signer);
        var signature = cms.Encode();
        var framed = new byte[12 + signature.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(framed, Unexplained1);
        BinaryPrimitives.WriteUInt32LittleEndian(framed.AsSpan(4), Unexplained2);
        BinaryPrimitives.WriteUInt32LittleEndian(framed.AsSpan(8), (uint)signature.Length);
        signature.CopyTo(framed, 12);
        return framed;
    }
}

/// <summary>The configured signature, or none; read once.</summary>
internal sealed class RdpSigning(IOptions<PortalOptions> options) : IDisposable
{
    private readonly Lazy<RdpSignature?> _signature = new(() => RdpSignature.Of(options.Value));

    public RdpSignature? Signature => _signature.Value;

    public void Dispose()
    {
        if (_signature.IsValueCreated) _signature.Value?.Dispose();
    }
}
