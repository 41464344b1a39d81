using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>The two ways on which people are told.</summary>
internal enum AlertChannelKind { Mail, Webhook }

/// <summary>How mail gets its TLS. There is no third way.</summary>
internal enum MailSecurity { StartTls, Tls }

/// <summary>One channel as administrators set it up.</summary>
internal sealed record AlertChannelSettings
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required AlertChannelKind Kind { get; init; }
    public bool Enabled { get; init; } = true;
    public AlertSeverity Least { get; init; } = AlertSeverity.Warning;

    /// <summary>pt or en.</summary>
    public string Language { get; init; } = "pt";

    /// <summary>Mail: host or host:port.</summary>
    public string Server { get; init; } = "";
    public MailSecurity Security { get; init; }

    /// <summary>Certificates in PEM of the authorities that are trusted; empty: the system's.</summary>
    public string Authorities { get; init; } = "";
    public string UserName { get; init; } = "";
    public string Sender { get; init; } = "";
    public IReadOnlyList<string> Recipients { get; init; } = [];

    /// <summary>Webhook: https.</summary>
    public string Url { get; init; } = "";

    /// <summary>Password of the mail account, or key of the webhook's signature; empty: none.</summary>
    public string Secret { get; init; } = "";

    public CultureInfo Culture => new(Language == "en" ? "en-GB" : "pt-PT");

    /// <summary>Where mail goes.</summary>
    public (string Host, int Port) Address =>
        Server.LastIndexOf(':') is var colon && colon > 0 && !Server.EndsWith(']') && int.TryParse(Server.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (Server[..colon].Trim('[', ']'), port)
            : (Server.Trim('[', ']'), Security is MailSecurity.Tls ? 465 : 587);

    /// <summary>Whom to trust; null: whom the system trusts.</summary>
    public X509ChainPolicy? Trust() => Authorities.Length == 0 ? null : TrustedAuthorities.Only(Authorities);

    // Without the secret, which must reach no log.
    public override string ToString() => Name;
}
