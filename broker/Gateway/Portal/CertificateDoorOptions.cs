using System.Net;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>Section <c>Gateway:Certificates</c>: where browsers show certificates that sign people in. An address of its own, so that nobody is asked for one elsewhere.</summary>
internal sealed class CertificateDoorOptions
{
    public const string Section = "Gateway:Certificates";

    /// <summary>Address and port, for example [::]:8444; empty: certificates sign nobody in here.</summary>
    public string Listen { get; set; } = "";

    /// <summary>Where browsers reach it, for example https://cartao.example.pt; empty: the host of the pages and the port of <see cref="Listen"/>.</summary>
    public string PublicAddress { get; set; } = "";

    /// <summary>Where administrators' browsers reach the console, for example https://consola.example.pt:9443; empty: its sign-ins are not served here.</summary>
    public string Console { get; set; } = "";

    /// <summary>How long a handshake may take, in which a person chooses a certificate and enters a PIN.</summary>
    public TimeSpan HandshakeDeadline { get; set; } = TimeSpan.FromMinutes(2);

    public bool IsOn => Listen.Length > 0;

    public IEnumerable<string> Problems(PortalDoorOptions pages)
    {
        if (!IsOn) yield break;
        if (!IPEndPoint.TryParse(Listen, out var address) || !Listen.EndsWith($":{address.Port}", StringComparison.Ordinal)) yield return $"{Section}:{nameof(Listen)} is '{Listen}'; use an address and a port, for example [::]:8444.";
        foreach (var (name, value) in new[] { (nameof(PublicAddress), PublicAddress), (nameof(Console), Console) })
        {
            if (value.Length > 0 && !(Uri.TryCreate(value, UriKind.Absolute, out var origin) && origin.Scheme == Uri.UriSchemeHttps && origin.PathAndQuery == "/"))
                yield return $"{Section}:{name} is '{value}'; use https:// and a name, or leave it empty.";
        }
        if (PublicAddress.Length > 0 && pages.PublicAddress.Length == 0) yield return $"{Section}:{nameof(PublicAddress)} needs {PortalDoorOptions.Section}:{nameof(PortalDoorOptions.PublicAddress)}, where browsers go back to.";
        if (HandshakeDeadline < TimeSpan.FromSeconds(5) || HandshakeDeadline > TimeSpan.FromMinutes(10)) yield return $"{Section}:{nameof(HandshakeDeadline)} is {HandshakeDeadline}; use 00:00:05 to 00:10:00.";
    }
}

/// <summary>Stops start-up when the address for certificates cannot be used.</summary>
internal sealed class CertificateDoorProblems(IOptions<PortalDoorOptions> pages) : IValidateOptions<CertificateDoorOptions>
{
    public ValidateOptionsResult Validate(string? name, CertificateDoorOptions options)
    {
        var problems = options.Problems(pages.Value).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
