using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Montalegre.Vdi.Contracts;

namespace Montalegre.Vdi.Agent.Joining;

/// <summary>Makes gRPC channels to the broker: TLS by <see cref="BrokerTrust"/>, a dead peer noticed within 30 s.</summary>
internal static class BrokerConnection
{
    public static GrpcChannel Open(Uri address, BrokerTrust trust, X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            ConnectCallback = (_, ct) => DialAsync(address, ct),
        };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, chain, errors) => trust.Accepts(presented, chain, errors);
        if (certificate is not null) handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);

        // The name goes into SNI and :authority; the address that is dialled is the document's.
        var name = new UriBuilder(address) { Host = JoinDocument.BrokerServerName }.Uri;
        return GrpcChannel.ForAddress(name, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = 256 * 1024,
            MaxRetryAttempts = 1,
        });
    }

    private static async ValueTask<Stream> DialAsync(Uri address, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.IdnHost, address.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
