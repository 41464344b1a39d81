using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Tests.Tls;

/// <summary>Real connections over loopback between our TLS and .NET's, which shares the library but not a line of ours.</summary>
internal static class LoopbackPair
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static X509Certificate2 Certificate { get; } = NewCertificate();

    public static byte[] Sha256 => SHA256.HashData(Certificate.RawData);

    public static TlsContext ServerContext { get; } = TlsContext.Server(Certificate, []);

    public static TlsContext ClientContext { get; } = TlsContext.Client();

    /// <summary>Two ends of one connection, which either of the two opened.</summary>
    public static async Task<(TcpStream Ours, Socket Theirs)> TcpAsync(bool weConnect)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var address = (IPEndPoint)listener.LocalEndPoint!;
        if (weConnect)
        {
            var ours = await TcpStream.ConnectAsync("127.0.0.1", address.Port, CancellationToken.None);
            return (ours, await listener.AcceptAsync());
        }
        var theirs = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await theirs.ConnectAsync(address);
        return (new TcpStream(await listener.AcceptAsync()), theirs);
    }

    /// <summary>After a good handshake, as server or client, with a version of theirs.</summary>
    public static async Task<(TlsStream Ours, SslStream Theirs, Socket TheirSocket)> TlsAsync(bool weServe, SslProtocols version = SslProtocols.None)
    {
        var (tcp, socket) = await TcpAsync(weConnect: !weServe);
        var ours = new TlsStream(tcp);
        var theirs = new SslStream(new NetworkStream(socket, ownsSocket: true), false, (_, _, _, _) => true);
        using var patience = new CancellationTokenSource(Patience);
        await Task.WhenAll(
            weServe ? ours.AuthenticateAsServerAsync(ServerContext, patience.Token) : ours.AuthenticateAsClientAsync(ClientContext, Sha256, patience.Token),
            weServe
                ? theirs.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "ours.test", EnabledSslProtocols = version }, patience.Token)
                : theirs.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate, EnabledSslProtocols = version }, patience.Token));
        return (ours, theirs, socket);
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=ours.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
