using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.FrontEnd;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>A machine's RDP port as the gateway sees it, as far as TLS; what follows is the test's.</summary>
internal sealed class FakeMachine : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly X509Certificate2 _certificate;
    private SslStream? _talking;

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

    /// <summary>Is an RDP server without a picture until the client has come this far; answers everything that it said inside TLS.</summary>
    public async Task<byte[]> TalkAsync(FrontEndStep until)
    {
        var (stream, _) = await AcceptAsync();
        _talking = stream;
        using var server = new FrontEndSequence(SecurityProtocols.Tls);
        using var deadline = new CancellationTokenSource(Patience);
        var (received, reply, filled, read) = (new byte[64 * 1024], new byte[FrontEndSequence.LongestOutput], 0, 0);
        while (true)
        {
            var w = new WireWriter(reply, nameof(FakeMachine));
            var step = server.Step(received.AsSpan(read, filled - read), ref w, out var consumed);
            read += consumed;
            if (step == FrontEndStep.SignInRead)
            {
                server.TakeSignIn().Dispose();
                server.WriteActivation(ref w);
            }
            await stream.WriteAsync(w.WrittenSpan.ToArray(), deadline.Token);
            if (step == until) return received[..read];
            if (step != FrontEndStep.NeedMoreBytes) continue;
            var more = await stream.ReadAsync(received.AsMemory(filled), deadline.Token);
            if (more == 0) throw new EndOfStreamException("The client has gone.");
            filled += more;
        }
    }

    public ValueTask DisposeAsync()
    {
        _talking?.Dispose();
        _listener.Dispose();
        _certificate.Dispose();
        return ValueTask.CompletedTask;
    }
}
