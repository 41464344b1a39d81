using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Opens the two doors with TLS and limits.</summary>
/// <remarks>Asks for the certificate at the first connection, not at construction: the authority is loaded by a start-up step.</remarks>
internal sealed class Listeners(IConfiguration configuration, IServiceProvider services) : IConfigureOptions<KestrelServerOptions>
{
    /// <summary>No message and no ordinary request body is longer.</summary>
    public const int LongestMessage = 1 << 20;

    private static readonly TimeSpan HandshakeDeadline = TimeSpan.FromSeconds(10);

    public void Configure(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        var limits = options.Limits;
        limits.MaxRequestBodySize = LongestMessage;            // lifted by the gRPC server for streams, message by message
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 4 * 1024;
        limits.MaxConcurrentConnections = 20_000;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        limits.Http2.MaxStreamsPerConnection = 500;            // a gateway sends every employee's calls over one connection
        limits.Http2.MaxRequestHeaderFieldSize = 8 * 1024;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(20);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
        // The server asks for its options before start-up validates them; what is wrong is reported there, all at once.
        var hosting = HostingOptions.Unvalidated(configuration);
        if (hosting.Problems().Any()) return;
        options.Listen(hosting.ApiEndPoint, l => Open(l, Listener.Api, HttpProtocols.Http1AndHttp2));
        options.Listen(hosting.ChannelEndPoint, l => Open(l, Listener.Channel, HttpProtocols.Http2));
    }

    private void Open(ListenOptions listen, Listener listener, HttpProtocols protocols)
    {
        listen.Protocols = protocols;
        listen.Use(next => connection =>
        {
            connection.Features.Set(new ListenerFeature(listener));
            return next(connection);
        });
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeDeadline,
            OnConnection = _ => ValueTask.FromResult(Tls(listener)),
        });
    }

    private SslServerAuthenticationOptions Tls(Listener listener)
    {
        var mutual = listener is Listener.Channel;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = services.GetRequiredService<ServerCertificate>().Context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = mutual ? [SslApplicationProtocol.Http2] : [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            AllowRenegotiation = false,
            ClientCertificateRequired = mutual,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = mutual ? (_, presented, _, _) => services.GetRequiredService<PeerCheck>().IsOurs(presented as X509Certificate2) : null,
        };
    }
}
