using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Broker.Certificates;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>One directory as administrators set it up.</summary>
internal sealed record DirectorySettings
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required DirectoryKind Kind { get; init; }
    public bool Enabled { get; init; } = true;

    /// <summary>host or host:port, in the order in which they are asked.</summary>
    public required IReadOnlyList<string> Servers { get; init; }

    /// <summary>True: TLS by StartTLS on port 389; false: TLS from the first byte on port 636. There is no third way.</summary>
    public bool StartTls { get; init; }

    /// <summary>Certificates in PEM of the authorities that are trusted; empty: the system's.</summary>
    public string Authorities { get; init; } = "";

    public required string BaseDn { get; init; }
    public required string BindDn { get; init; }
    public required string BindPassword { get; init; }

    /// <summary>What people may write after @ or before \, in lower case.</summary>
    public IReadOnlyList<string> Domains { get; init; } = [];

    /// <summary>As set; empty where the kind's own is used.</summary>
    public DirectorySchema OwnSchema { get; init; } = DirectorySchema.Unset;

    /// <summary>Wrong passwords of one person that reach the directory within <see cref="BadTriesMinutes"/>; below its own lock-out.</summary>
    public int MostBadTries { get; init; } = 3;
    public int BadTriesMinutes { get; init; } = 30;
    public int SyncMinutes { get; init; } = 15;

    public DirectorySchema Schema => OwnSchema.Or(DirectorySchema.Of(Kind));

    /// <summary>Where a server of the list listens.</summary>
    public (string Host, int Port) Address(string server)
    {
        var colon = server.LastIndexOf(':');
        return colon > 0 && server.IndexOf(':') == colon | server[colon - 1] == ']' && int.TryParse(server.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (server[..colon].Trim('[', ']'), port)
            : (server.Trim('[', ']'), StartTls ? 389 : 636);
    }

    /// <summary>Whom to trust; null: whom the system trusts.</summary>
    public X509ChainPolicy? Trust() => Authorities.Length == 0 ? null : TrustedAuthorities.Only(Authorities);

    // Without the password, which must reach no log.
    public override string ToString() => Name;
}
