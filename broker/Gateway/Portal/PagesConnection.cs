using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>A web client's connection as Kestrel knows one: two pipes, and what it asks about TLS.</summary>
/// <remarks>Bytes are read while the pages still work on a request, so that a client which leaves is noticed then.</remarks>
internal sealed class PagesConnection : DefaultConnectionContext, ITlsConnectionFeature, ITlsApplicationProtocolFeature
{
    private const int MostHeld = 64 * 1024;
    private static readonly TimeSpan FarewellDeadline = TimeSpan.FromSeconds(2);
    private static readonly PipeOptions Options = new(pauseWriterThreshold: MostHeld, resumeWriterThreshold: MostHeld / 2, useSynchronizationContext: false);

    private readonly TlsStream _tls;
    private readonly Pipe _received = new(Options);
    private readonly Pipe _toSend = new(Options);
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _receiving;
    private readonly Task _sending;
    private int _disposed;

    public PagesConnection(TlsStream tls, byte[] first, Arriving arriving)
    {
        _tls = tls;
        ApplicationProtocol = tls.IsHttp2 ? "h2"u8.ToArray() : "http/1.1"u8.ToArray();
        ConnectionClosed = _closed.Token;
        RemoteEndPoint = arriving.Client;
        LocalEndPoint = arriving.Local;
        Transport = new Duplex(_received.Reader, _toSend.Writer);
        Features.Set<ITlsConnectionFeature>(this);
        Features.Set<ITlsApplicationProtocolFeature>(this);
        _receiving = ReceiveAsync(first);
        _sending = SendAsync();
    }

    public ReadOnlyMemory<byte> ApplicationProtocol { get; }

    /// <summary>No client certificate is asked for.</summary>
    public X509Certificate2? ClientCertificate { get; set; }

    /// <summary>Ends when the web server is done with the connection.</summary>
    public Task Over => _over.Task;

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult<X509Certificate2?>(null);

    /// <summary>Closes at once; whoever reads or writes sees that as an end.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => _tls.Dispose();

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await Transport.Input.CompleteAsync();
        await Transport.Output.CompleteAsync();
        await _sending;                                     // the last answer still goes out
        await _tls.DisposeAsync();
        await _receiving;
        _closed.Dispose();
        await base.DisposeAsync();
        _over.TrySetResult();
    }

    private async Task ReceiveAsync(byte[] first)
    {
        Exception? failure = null;
        try
        {
            var flushed = first.Length == 0 ? default : await _received.Writer.WriteAsync(first);
            while (!flushed.IsCompleted)
            {
                _ = await _tls.ReadAsync(Memory<byte>.Empty);        // no buffer while nothing comes
                var read = await _tls.ReadAsync(_received.Writer.GetMemory());
                if (read == 0) break;
                _received.Writer.Advance(read);
                flushed = await _received.Writer.FlushAsync();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException) { failure = new ConnectionResetException(e.Message, e); }
        finally
        {
            await _received.Writer.CompleteAsync(failure);
            // Whoever is told goes on elsewhere: this may be the thread that has to read on for others.
            ThreadPool.UnsafeQueueUserWorkItem(static c => ((PagesConnection)c!).SayClosed(), this, preferLocal: false);
        }
    }

    private async Task SendAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                var result = await _toSend.Reader.ReadAsync();
                await WriteAsync(result.Buffer);
                _toSend.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted) break;
            }
            using var deadline = new CancellationTokenSource(FarewellDeadline);
            await _tls.ShutdownAsync(deadline.Token);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException) { failure = new ConnectionResetException(e.Message, e); }
        finally { await _toSend.Reader.CompleteAsync(failure); }
    }

    /// <summary>A page is made of many small pieces: gathered, they fill records and are one call each.</summary>
    private async ValueTask WriteAsync(ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
        {
            if (!bytes.IsEmpty) await _tls.WriteAsync(bytes.First);
            return;
        }
        var buffer = ArrayPool<byte>.Shared.Rent(MostHeld);
        try
        {
            while (!bytes.IsEmpty)
            {
                var part = bytes.Slice(0, Math.Min(bytes.Length, buffer.Length));
                part.CopyTo(buffer);
                await _tls.WriteAsync(buffer.AsMemory(0, (int)part.Length));
                bytes = bytes.Slice(part.End);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void SayClosed()
    {
        try { _closed.Cancel(); }
        catch (ObjectDisposedException)
        {
            // The web server was done with it first.
        }
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
