using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Tests.Tls;

public sealed class TlsStreamTests
{
    [Theory]
    [InlineData(true, SslProtocols.Tls12)]
    [InlineData(true, SslProtocols.Tls13)]
    [InlineData(false, SslProtocols.Tls12)]
    [InlineData(false, SslProtocols.Tls13)]
    public async Task Bytes_pass_both_ways_at_once_in_writes_of_any_size(bool weServe, SslProtocols version)
    {
        var (ours, theirs, _) = await LoopbackPair.TlsAsync(weServe, version);
        await using var o = ours;
        await using var t = theirs;
        Assert.Equal(version == SslProtocols.Tls13, ours.IsTls13);
        foreach (var (writes, count) in new[] { (1, 2_000), (1_400, 5_000), (16_384, 500), (65_536, 200), (1_000_003, 9) })
        {
            var sent = await Task.WhenAll(SendAsync(ours, writes, count), SendAsync(theirs, writes, count),
                HashAsync(ours, (long)writes * count), HashAsync(theirs, (long)writes * count)).WaitAsync(LoopbackPair.Patience);
            Assert.Equal(sent[0], sent[3]);
            Assert.Equal(sent[1], sent[2]);
        }
    }

    [Fact]
    public async Task Chain_is_sent_with_the_certificate()
    {
        using var rootKey = RSA.Create(2048);
        var rootRequest = new CertificateRequest("CN=root.test", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(9));
        using var key = RSA.Create(2048);
        using var bare = new CertificateRequest("CN=leaf.test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .Create(root, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [7]);
        using var leaf = bare.CopyWithPrivateKey(key);
        using var context = TlsContext.Server(leaf, [root]);
        var (tcp, socket) = await LoopbackPair.TcpAsync(weConnect: false);
        await using var ours = new TlsStream(tcp);
        var seen = new List<string>();
        await using var theirs = new SslStream(new NetworkStream(socket, true), false, (_, _, chain, _) =>
        {
            seen.AddRange(chain!.ChainPolicy.ExtraStore.Select(c => c.Subject));
            return true;
        });
        await Task.WhenAll(ours.AuthenticateAsServerAsync(context, CancellationToken.None), theirs.AuthenticateAsClientAsync("leaf.test")).WaitAsync(LoopbackPair.Patience);
        Assert.Equal("CN=leaf.test", theirs.RemoteCertificate!.Subject);
        Assert.Contains("CN=root.test", seen);
    }

    [Fact]
    public async Task Another_certificate_than_the_pinned_one_is_refused_before_a_byte_is_sent()
    {
        var (tcp, socket) = await LoopbackPair.TcpAsync(weConnect: true);
        var theirs = new SslStream(new NetworkStream(socket, true));
        var serving = theirs.AuthenticateAsServerAsync(LoopbackPair.Certificate);
        await using (var ours = new TlsStream(tcp))
            await Assert.ThrowsAsync<WrongCertificateException>(() => ours.AuthenticateAsClientAsync(LoopbackPair.ClientContext, new byte[32], CancellationToken.None));
        await serving.WaitAsync(LoopbackPair.Patience);
        // Closed with their tickets unread, the connection is reset: either way nothing came.
        var problem = await Record.ExceptionAsync(async () => Assert.Equal(0, await theirs.ReadAsync(new byte[1]).AsTask().WaitAsync(LoopbackPair.Patience)));
        Assert.True(problem is null or IOException, $"{problem}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_not_tls_fails_the_handshake_and_says_why(bool weServe)
    {
        var (tcp, socket) = await LoopbackPair.TcpAsync(weConnect: !weServe);
        using var theirs = socket;
        await using var ours = new TlsStream(tcp);
        await theirs.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        var problem = await Assert.ThrowsAsync<AuthenticationException>(() => (weServe
            ? ours.AuthenticateAsServerAsync(LoopbackPair.ServerContext, CancellationToken.None)
            : ours.AuthenticateAsClientAsync(LoopbackPair.ClientContext, LoopbackPair.Sha256, CancellationToken.None)).WaitAsync(LoopbackPair.Patience));
        Assert.Matches("^The TLS handshake failed: .+\\.$", problem.Message);
        await Assert.ThrowsAsync<IOException>(async () => await ours.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Peer_with_only_an_old_version_is_refused_with_an_alert()
    {
        var (tcp, socket) = await LoopbackPair.TcpAsync(weConnect: false);
        await using var ours = new TlsStream(tcp);
        // A ClientHello of TLS 1.0 with one cipher suite and no extension.
        byte[] hello = [0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1, .. new byte[32], 0, 0, 2, 0x00, 0x2F, 1, 0];
        await socket.SendAsync(hello);
        await Assert.ThrowsAsync<AuthenticationException>(() => ours.AuthenticateAsServerAsync(LoopbackPair.ServerContext, CancellationToken.None).WaitAsync(LoopbackPair.Patience));
        var alert = new byte[7];
        Assert.Equal(7, await socket.ReceiveAsync(alert));
        Assert.Equal((0x15, 2, 70), (alert[0], alert[5], alert[6]));        // alert, fatal, protocol_version
        socket.Dispose();
    }

    [Fact]
    public async Task Peer_that_leaves_in_the_handshake_is_told_apart_from_one_that_fails_it()
    {
        var (tcp, socket) = await LoopbackPair.TcpAsync(weConnect: false);
        await using var ours = new TlsStream(tcp);
        var shaking = ours.AuthenticateAsServerAsync(LoopbackPair.ServerContext, CancellationToken.None);
        socket.Dispose();
        await Assert.ThrowsAsync<IOException>(() => shaking.WaitAsync(LoopbackPair.Patience));
    }

    [Fact]
    public async Task Handshake_that_is_cancelled_stops()
    {
        var (tcp, socket) = await LoopbackPair.TcpAsync(weConnect: false);
        using var theirs = socket;
        await using var ours = new TlsStream(tcp);
        using var stop = new CancellationTokenSource();
        var shaking = ours.AuthenticateAsServerAsync(LoopbackPair.ServerContext, stop.Token);
        Assert.False(shaking.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => shaking.WaitAsync(LoopbackPair.Patience));
    }

    [Fact]
    public async Task Connection_that_nobody_takes_is_an_error_with_the_address()
    {
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));                 // bound, not listening
        var port = ((IPEndPoint)closed.LocalEndPoint!).Port;
        var problem = await Record.ExceptionAsync(() => TcpStream.ConnectAsync("127.0.0.1", port, CancellationToken.None));
        Assert.True(problem is IOException or SocketException { SocketErrorCode: SocketError.ConnectionRefused }, $"{problem}");
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Farewell_and_last_words_arrive_both_ways(SslProtocols version)
    {
        var (ours, theirs, _) = await LoopbackPair.TlsAsync(weServe: true, version);
        await ours.WriteAsync("goodbye"u8.ToArray());
        await ours.ShutdownAsync(CancellationToken.None);
        var words = new byte[7];
        await theirs.ReadExactlyAsync(words).AsTask().WaitAsync(LoopbackPair.Patience);
        Assert.Equal(0, await theirs.ReadAsync(words).AsTask().WaitAsync(LoopbackPair.Patience));
        // Our end is said; theirs is still open, and is read to its own end.
        await theirs.WriteAsync("farewell"u8.ToArray());
        await theirs.ShutdownAsync();
        var last = new byte[64];
        Assert.Equal(0, await ours.ReadAsync(Memory<byte>.Empty).AsTask().WaitAsync(LoopbackPair.Patience));
        Assert.Equal(8, await ours.ReadAsync(last).AsTask().WaitAsync(LoopbackPair.Patience));
        Assert.Equal(0, await ours.ReadAsync(last).AsTask().WaitAsync(LoopbackPair.Patience));
        Assert.Equal(0, await ours.ReadAsync(last).AsTask().WaitAsync(LoopbackPair.Patience));
        await ours.DisposeAsync();
    }

    [Fact]
    public async Task Peer_that_closes_without_ending_tls_has_left_and_one_that_resets_has_broken()
    {
        var (ours, _, socket) = await LoopbackPair.TlsAsync(weServe: true);
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await ours.ReadAsync(new byte[1]).AsTask().WaitAsync(LoopbackPair.Patience));
        await ours.DisposeAsync();

        (ours, _, socket) = await LoopbackPair.TlsAsync(weServe: true);
        var reading = ours.ReadAsync(new byte[1]).AsTask();
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
        await Assert.ThrowsAsync<IOException>(() => reading.WaitAsync(LoopbackPair.Patience));
        await Assert.ThrowsAsync<IOException>(async () => await ours.WriteAsync(new byte[1]));
        await ours.DisposeAsync();
    }

    [Fact]
    public async Task Broken_record_ends_the_stream_with_the_reason()
    {
        var (ours, _, socket) = await LoopbackPair.TlsAsync(weServe: true);
        byte[] forged = [0x17, 3, 3, 0, 32, .. new byte[32]];
        await socket.SendAsync(forged);
        var problem = await Assert.ThrowsAsync<IOException>(async () => await ours.ReadAsync(new byte[64]).AsTask().WaitAsync(LoopbackPair.Patience));
        Assert.Contains("decryption failed", problem.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(async () => await ours.WriteAsync(new byte[1]));
        await ours.DisposeAsync();
    }

    [Fact]
    public async Task Wait_for_data_is_not_over_with_half_a_record()
    {
        var (ours, theirs, socket) = await LoopbackPair.TlsAsync(weServe: true);
        var waiting = ours.ReadAsync(Memory<byte>.Empty).AsTask();
        await socket.SendAsync(new byte[] { 0x17, 3, 3, 0, 32, 1, 2, 3 });     // eight bytes of a record of 37
        await Task.Delay(200);
        Assert.False(waiting.IsCompleted);
        await ours.DisposeAsync();
        await Record.ExceptionAsync(() => waiting.WaitAsync(LoopbackPair.Patience));
        await theirs.DisposeAsync();
    }

    [Fact]
    public async Task Read_that_is_cancelled_loses_nothing()
    {
        var (ours, theirs, _) = await LoopbackPair.TlsAsync(weServe: true);
        var buffer = new byte[16];
        for (var round = 0; round < 20; round++)
        {
            using var stop = new CancellationTokenSource();
            var reading = round % 2 == 0 ? ours.ReadAsync(buffer, stop.Token).AsTask() : ours.ReadAsync(Memory<byte>.Empty, stop.Token).AsTask();
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(LoopbackPair.Patience));
            await theirs.WriteAsync(new[] { (byte)round });
            Assert.Equal(1, await ours.ReadAsync(buffer).AsTask().WaitAsync(LoopbackPair.Patience));
            Assert.Equal(round, buffer[0]);
        }
        await ours.DisposeAsync();
        await theirs.DisposeAsync();
    }

    [Fact]
    public async Task Write_that_is_cancelled_half_way_lets_nothing_follow_it()
    {
        var (ours, theirs, _) = await LoopbackPair.TlsAsync(weServe: true);
        using var stop = new CancellationTokenSource();
        var writing = ours.WriteAsync(new byte[64 << 20], stop.Token).AsTask();     // more than any socket buffer takes
        Assert.False(writing.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(LoopbackPair.Patience));
        await Assert.ThrowsAsync<IOException>(async () => await ours.WriteAsync(new byte[10]));
        await ours.ShutdownAsync(CancellationToken.None);                           // does not wait for a peer that reads nothing
        await ours.DisposeAsync();
        await theirs.DisposeAsync();
    }

    [Fact]
    public async Task Pending_read_and_write_end_when_the_stream_is_closed()
    {
        var (ours, theirs, _) = await LoopbackPair.TlsAsync(weServe: true);
        var reading = ours.ReadAsync(new byte[1]).AsTask();
        var writing = ours.WriteAsync(new byte[64 << 20]).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await ours.ReadAsync(new byte[1]));
        await ours.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading.WaitAsync(LoopbackPair.Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writing.WaitAsync(LoopbackPair.Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ours.ReadAsync(new byte[1]));
        await theirs.DisposeAsync();
    }

    private static async Task<string> SendAsync(Stream to, int length, int count)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = RandomNumberGenerator.GetBytes(length);
        for (var i = 0; i < count; i++)
        {
            chunk[i % length]++;
            hash.AppendData(chunk);
            await to.WriteAsync(chunk);
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static async Task<string> HashAsync(Stream from, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[50_000];
        while (length > 0)
        {
            var read = await from.ReadAsync(buffer.AsMemory(0, (int)Math.Min(length, buffer.Length)));
            if (read == 0) throw new IOException($"{length} bytes are missing.");
            hash.AppendData(buffer, 0, read);
            length -= read;
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
