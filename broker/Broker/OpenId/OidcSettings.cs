using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Broker.Certificates;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>One OpenID Connect provider as administrators set it up.</summary>
internal sealed record OidcSettings
{
    public required Guid Id { get; init; }

    /// <summary>What stands on the button.</summary>
    public required string Name { get; init; }
    public bool Enabled { get; init; } = true;

    /// <summary>An https address, compared byte by byte with what tokens say.</summary>
    public required string Issuer { get; init; }
    public required string ClientId { get; init; }

    /// <summary>Empty: a public client, which PKCE alone protects.</summary>
    public required string ClientSecret { get; init; }

    /// <summary>Certificates in PEM of the authorities that are trusted; empty: the system's.</summary>
    public string Authorities { get; init; } = "";

    /// <summary>Besides openid.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];
    public required string NameClaim { get; init; }
    public required string DisplayNameClaim { get; init; }
    public required string GroupsClaim { get; init; }

    /// <summary>Group of ours by value of the groups claim; other values mean nothing.</summary>
    public IReadOnlyDictionary<string, string> Groups { get; init; } = new Dictionary<string, string>();

    /// <summary>Who is in none of the groups does not come in.</summary>
    public bool OnlyMapped { get; init; }

    /// <summary>Values of amr or acr that stand for a second factor; empty: the provider's word about it is not taken.</summary>
    public IReadOnlyList<string> SecondFactorValues { get; init; } = [];

    /// <summary>Whom to trust; null: whom the system trusts.</summary>
    public X509ChainPolicy? Trust() => Authorities.Length == 0 ? null : TrustedAuthorities.Only(Authorities);

    // Without the secret, which must reach no log.
    public override string ToString() => Name;
}
