using System.Net.Security;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>The broker's own server certificate: in memory only, made at start, and made again when a third of it is left.</summary>
internal sealed class ServerCertificate(CertificateAuthority authority, IOptions<CertificatesOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);
    private readonly Lock _renewing = new();
    private volatile Current? _current;

    /// <summary>What the next handshake shows. Old contexts stay with the connections that use them.</summary>
    public SslStreamCertificateContext Context
    {
        get
        {
            if (_current is { } current && time.GetUtcNow() < current.RenewAt) return current.Context;
            lock (_renewing)
            {
                if (_current is { } made && time.GetUtcNow() < made.RenewAt) return made.Context;
                string[] names = [JoinDocument.BrokerServerName, "localhost", "127.0.0.1", "::1", .. options.Value.ServerNames];
                var context = HandshakeChain.Of(authority.IssueServer(names, Lifetime), authority.Certificate);
                _current = new Current(context, time.GetUtcNow() + (Lifetime * 2 / 3));
                return context;
            }
        }
    }

    private sealed record Current(SslStreamCertificateContext Context, DateTimeOffset RenewAt);
}
