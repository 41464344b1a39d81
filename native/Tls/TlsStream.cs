using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Montalegre.Vdi.Tls.OpenSsl;
using Montalegre.Vdi.Tls.Polling;

namespace Montalegre.Vdi.Tls;

/// <summary>
/// TLS by the system's OpenSSL directly on a socket. Idle, it holds OpenSSL's state and no buffer; busy, one system call
/// reads many records and nothing is copied between streams.
/// </summary>
public sealed class TlsStream : PolledStream
{
    private const int LongestRecord = 16 * 1024;

    private SslHandle? _ssl;
    private nint _bio;                  // belongs to _ssl
    private bool _moreFollows;
    private Exception? _failure;        // OpenSSL must not be asked again after a failure
    private bool _dry;                  // the last try found nothing, and nothing has happened since
    private bool _writeHalfDone;        // OpenSSL holds a record that the socket did not take yet
    private bool _writeBroken;

    /// <summary>Takes over a connection; the handshake is still to come.</summary>
    public TlsStream(TcpStream connection) : base((connection ?? throw new ArgumentNullException(nameof(connection))).Polled) { }

    /// <summary>True for TLS 1.3, false for TLS 1.2.</summary>
    public bool IsTls13 => _ssl is { } ssl && SslApi.Version(ssl) > SslApi.Tls12;

    /// <summary>True when a web client chose HTTP/2.</summary>
    public bool IsHttp2
    {
        get
        {
            lock (Gate) return _ssl is { IsClosed: false } ssl && Negotiation.IsHttp2(ssl);
        }
    }

    /// <summary>Shakes hands as the one who accepted.</summary>
    public Task AuthenticateAsServerAsync(TlsContext context, CancellationToken ct)
    {
        SslApi.SetAcceptState(Begin(context));
        return HandshakeAsync(ct);
    }

    /// <summary>Shakes hands as the one who connected.</summary>
    /// <param name="context">Made by <see cref="TlsContext.Client"/>.</param>
    /// <param name="certificateSha256">SHA-256 of the one certificate that is right; for another one, <see cref="WrongCertificateException"/>.</param>
    /// <param name="ct">Gives up.</param>
    public async Task AuthenticateAsClientAsync(TlsContext context, ReadOnlyMemory<byte> certificateSha256, CancellationToken ct)
    {
        SslApi.SetConnectState(Begin(context));
        await HandshakeAsync(ct);
        // Before the first byte of ours: the handshake proved who has the key, and here is decided whether that is the one.
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(PeerCertificate()), certificateSha256.Span)) throw new WrongCertificateException();
    }

    /// <summary>Says that nothing more will come; what was written still arrives. Nothing is written afterwards.</summary>
    public async Task ShutdownAsync(CancellationToken ct)
    {
        using (WakeOn(Polled.Writing, ct))
        {
            while (TryShutdown() is var wanted and not SocketEvents.None)
            {
                ct.ThrowIfCancellationRequested();
                await Polled.Writing.WaitAsync(wanted);
            }
        }
        Polled.FinishSending();
    }

    private protected override unsafe SocketEvents TryRead(Span<byte> buffer, out int read)
    {
        read = 0;
        lock (Gate)
        {
            var ssl = Usable(Polled.Reading);
            _dry = false;
            fixed (byte* at = buffer)
            {
                // Each call gives one record; together they make one write on the other side.
                while (read < buffer.Length)
                {
                    CryptoApi.ClearErrors();
                    var result = SslApi.Read(ssl, at + read, buffer.Length - read);
                    if (result > 0)
                    {
                        read += result;
                        continue;
                    }
                    var wanted = Stopped(ssl, result);
                    _dry = wanted == SocketEvents.Readable;
                    // What was read is answered first; the next read meets the end or the failure again.
                    if (read > 0) break;
                    return _failure is null ? wanted : throw _failure;
                }
            }
            return SocketEvents.None;
        }
    }

    private protected override unsafe SocketEvents TryPeek()
    {
        lock (Gate)
        {
            if (_failure is not null) return SocketEvents.None;
            // After a try that found nothing, only an event can change that, and the wait answers at once when there was one.
            if (_dry)
            {
                _dry = false;
                return SocketEvents.Readable;
            }
            var ssl = Usable(Polled.Reading);
            byte one;
            CryptoApi.ClearErrors();
            var result = SslApi.Peek(ssl, &one, 1);
            return result > 0 ? SocketEvents.None : Stopped(ssl, result);
        }
    }

    private protected override unsafe SocketEvents TryWrite(ReadOnlySpan<byte> buffer, out int written)
    {
        written = 0;
        lock (Gate)
        {
            var ssl = Usable(Polled.Writing);
            if (_writeBroken) throw new IOException("A write was given up half-way; nothing can follow it.");
            fixed (byte* at = buffer)
            {
                while (written < buffer.Length)
                {
                    SayMoreFollows(buffer.Length - written > LongestRecord);
                    CryptoApi.ClearErrors();
                    var result = SslApi.Write(ssl, at + written, buffer.Length - written);
                    if (result > 0)
                    {
                        written += result;
                        _writeHalfDone = false;
                        continue;
                    }
                    var errno = Marshal.GetLastPInvokeError();
                    _writeHalfDone = true;
                    switch (SslApi.GetError(ssl, result))
                    {
                        case SslApi.WantWrite: return SocketEvents.Writable;
                        case SslApi.WantRead: return SocketEvents.Readable;
                        case var error: throw _failure = OpenSslErrors.Transfer(error, errno);
                    }
                }
            }
            return SocketEvents.None;
        }
    }

    private protected override void BreakWriting()
    {
        lock (Gate) _writeBroken = _writeHalfDone;
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing) return;
        lock (Gate) _ssl?.Dispose();
    }

    private SslHandle Begin(TlsContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        lock (Gate)
        {
            Polled.ThrowIfClosed();
            if (_ssl is not null) throw new InvalidOperationException("The handshake was made already.");
            CryptoApi.ClearErrors();
            _ssl = SslApi.New(context.Handle);
            if (_ssl.IsInvalid) throw OpenSslErrors.Unexpected("SSL_new");
            _bio = SocketBio.New((int)Polled.Descriptor.DangerousGetHandle());
            SslApi.SetBios(_ssl, _bio, _bio);
            return _ssl;
        }
    }

    private void SayMoreFollows(bool moreFollows)
    {
        if (_moreFollows == moreFollows) return;
        _moreFollows = moreFollows;
        SocketBio.SayMoreFollows(_bio, moreFollows);
    }

    private async Task HandshakeAsync(CancellationToken ct)
    {
        using (WakeOn(Polled.Reading, ct))
        {
            while (TryHandshake() is var wanted and not SocketEvents.None)
            {
                ct.ThrowIfCancellationRequested();
                await Polled.Reading.WaitAsync(wanted);
            }
        }
        ct.ThrowIfCancellationRequested();
    }

    private SocketEvents TryHandshake()
    {
        lock (Gate)
        {
            var ssl = Usable(Polled.Reading);
            CryptoApi.ClearErrors();
            var result = SslApi.Handshake(ssl);
            if (result == 1) return SocketEvents.None;
            var errno = Marshal.GetLastPInvokeError();
            switch (SslApi.GetError(ssl, result))
            {
                case SslApi.WantRead: return SocketEvents.Readable;
                case SslApi.WantWrite: return SocketEvents.Writable;
                case var error: throw _failure = OpenSslErrors.Handshake(error, errno);
            }
        }
    }

    private SocketEvents TryShutdown()
    {
        lock (Gate)
        {
            var ssl = Usable(Polled.Writing);
            // In the middle of a record no other can be sent; closing the connection says the same.
            if (_writeHalfDone || _writeBroken) return SocketEvents.None;
            SayMoreFollows(false);
            CryptoApi.ClearErrors();
            var result = SslApi.Shutdown(ssl);
            if (result < 0 && SslApi.GetError(ssl, result) == SslApi.WantWrite) return SocketEvents.Writable;
            CryptoApi.ClearErrors();
            return SocketEvents.None;
        }
    }

    /// <summary>What a read that gave nothing waits for; nothing when the stream has ended or failed.</summary>
    private SocketEvents Stopped(SslHandle ssl, int result)
    {
        var errno = Marshal.GetLastPInvokeError();
        switch (SslApi.GetError(ssl, result))
        {
            case SslApi.WantRead: return SocketEvents.Readable;
            case SslApi.WantWrite: return SocketEvents.Writable;
            case SslApi.ZeroReturn: return SocketEvents.None;
            case var error:
                _failure = OpenSslErrors.Transfer(error, errno);
                return SocketEvents.None;
        }
    }

    private SslHandle Usable(Readiness readiness)
    {
        Polled.ThrowIfClosed();
        if (_failure is not null) throw new IOException(_failure.Message, _failure);
        readiness.Forget();
        return _ssl ?? throw new InvalidOperationException("The handshake comes first.");
    }

    /// <summary>The certificate that the other side proved, in DER; what is bound to this connection is bound to its key.</summary>
    public unsafe byte[] PeerCertificate()
    {
        lock (Gate)
        {
            var ssl = Usable(Polled.Reading);
            var certificate = SslApi.PeerCertificate(ssl);
            var length = certificate == 0 ? 0 : CryptoApi.WriteCertificate(certificate, null);
            if (length <= 0) throw OpenSslErrors.Unexpected("i2d_X509");
            var der = new byte[length];
            fixed (byte* at = der)
            {
                var next = at;
                _ = CryptoApi.WriteCertificate(certificate, &next);
            }
            return der;
        }
    }
}
