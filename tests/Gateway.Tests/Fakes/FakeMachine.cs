using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Fuzz.Corpus;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>A machine's RDP port as the gateway sees it, as far as TLS; what follows is the test's.</summary>
internal sealed class FakeMachine : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly X509Certificate2 _certificate;

    public FakeMachine()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=machine.test", key, HashAlgorithmName.SHA256);
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    public byte[] CertificateSha256 => SHA256.HashData(_certificate.RawData);

    /// <summary>Takes a connection and says nothing.</summary>
    public Task<Socket> AcceptSilentlyAsync() => _listener.AcceptAsync().WaitAsync(Patience);

    /// <summary>Takes a connection as xrdp does, up to TLS; answers also the Connection Request it got.</summary>
    public async Task<(SslStream Stream, byte[] Request)> AcceptAsync()
    {
        var network = new NetworkStream(await AcceptSilentlyAsync(), ownsSocket: true);
        var request = new byte[512];
        var length = await network.ReadAsync(request).AsTask().WaitAsync(Patience);
        await network.WriteAsync(Samples.ConnectionConfirmTls);
        var tls = new SslStream(network);
        await tls.AuthenticateAsServerAsync(_certificate).WaitAsync(Patience);
        return (tls, request[..length]);
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _certificate.Dispose();
        return ValueTask.CompletedTask;
    }
}
