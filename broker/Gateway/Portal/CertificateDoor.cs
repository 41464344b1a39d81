using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.RdpTcp;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>What a browser showed in the handshake of this connection, its own certificate first; empty: none. That it is there at all says that the connection came to the address for certificates.</summary>
internal sealed class ShownCertificates
{
    public IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; private set; } = [];

    /// <summary>Kept as it came: the broker judges it, here nothing is trusted and nothing fetched.</summary>
    public bool Take(X509Certificate? own, X509Chain? chain)
    {
        if (own is X509Certificate2 first) Chain = [first.RawDataMemory, .. (chain?.ChainPolicy.ExtraStore ?? []).Select(further => further.RawDataMemory).Where(further => !further.Span.SequenceEqual(first.RawDataMemory.Span))];
        return true;
    }
}

/// <summary>Opens the address where browsers are asked for a certificate; TLS is .NET's here, since OpenSSL's own calls for it are not ours yet to make.</summary>
internal sealed class CertificateDoor(IOptions<CertificateDoorOptions> options, DoorCertificate certificate, AddressLimits limits, ILogger<CertificateDoor> log) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions kestrel)
    {
        if (!options.Value.IsOn || !IPEndPoint.TryParse(options.Value.Listen, out var address)) return;      // said when options are validated
        kestrel.Listen(address, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection => LimitedAsync(next, connection));
            listen.UseHttps(new TlsHandshakeCallbackOptions { HandshakeTimeout = options.Value.HandshakeDeadline, OnConnection = Shake });
        });
    }

    private async Task LimitedAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var client = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        if (client.IsIPv4MappedToIPv6) client = client.MapToIPv4();
        if (limits.TryEnter(client) is var entry && entry != AddressLimits.Entry.Allowed)
        {
            log.TurnedAway(client, entry.ToString());
            connection.Abort();
            return;
        }
        try { await next(connection); }
        finally
        {
            limits.HandshakeOver(client);
            limits.Leave(client);
        }
    }

    private ValueTask<SslServerAuthenticationOptions> Shake(TlsHandshakeCallbackContext context)
    {
        var shown = new ShownCertificates();
        context.Connection.Features.Set(shown);
        return new(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Options.ServerCertificateContext,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            AllowRenegotiation = false,
            AllowTlsResume = false,                         // a card that was taken away must be asked again
            ClientCertificateRequired = true,               // asked for; who shows none gets told so by a page
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
            RemoteCertificateValidationCallback = (_, own, chain, _) => shown.Take(own, chain),
        });
    }
}
