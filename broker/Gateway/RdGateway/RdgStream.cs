using System.Buffers;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>An open RD Gateway channel as a stream of RDP bytes: what a socket is to a client that came directly.</summary>
/// <remarks>A zero-byte read ends only when payload is there, never for a keepalive alone; the relay's pump relies on it.</remarks>
/// <param name="showsMessages">Whether the client shows service messages to the person.</param>
internal sealed class RdgStream(RdgTransport transport, ReadOnlySpan<byte> early, bool showsMessages) : Stream
{
    private const int BufferLength = 64 * 1024;
    private static readonly TimeSpan FarewellDeadline = TimeSpan.FromSeconds(2);

    private readonly TsguDataReader _reader = new();
    private byte[]? _early = early.Length == 0 ? null : early.ToArray();
    private byte[]? _buffer;
    private int _at;
    private int _filled;
    private bool _ended;
    private int _disposed;
    private RdgFarewell _farewell = RdgFarewell.Of(RelayEnd.ClientClosed);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var either = cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, transport.Closing) : null;
        try
        {
            while (_at == _filled && !_ended) await FillAsync(either?.Token ?? transport.Closing);
        }
        catch (OperationCanceledException e) when (transport.Closing.IsCancellationRequested)
        {
            Release();
            throw new IOException("The RD Gateway channel is closed.", e);
        }
        catch (WireFormatException e)
        {
            Release();
            throw new IOException($"The RD Gateway client broke the protocol: {e.Message}", e);
        }
        var count = Math.Min(buffer.Length, _filled - _at);
        if (count == 0) return 0;
        _buffer.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        if (_at == _filled) Release();
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        Volatile.Read(ref _disposed) == 0 ? transport.SendDataAsync(buffer, cancellationToken) : ValueTask.FromException(new ObjectDisposedException(nameof(RdgStream)));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>The reason that the client will be given when this is closed.</summary>
    public void WillEnd(RelayEnd end) => Volatile.Write(ref _farewell, RdgFarewell.Of(end));

    /// <summary>Closes the channel, tells the client while it still listens, and closes what carried it.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        using var deadline = new CancellationTokenSource(FarewellDeadline);
        try
        {
            await transport.SendAsync(Volatile.Read(ref _farewell).Packets(showsMessages, isAnswer: _reader.Closed && !_reader.CloseAnswered), deadline.Token);
            await transport.FarewellAsync(deadline.Token);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or NotSupportedException or OperationCanceledException)
        {
            // The client went first, or takes nothing more; closing the connection says the same.
        }
        await transport.DisposeAsync();
        await base.DisposeAsync();
    }

    private async ValueTask FillAsync(CancellationToken ct)
    {
        // Between two bursts no buffer is held: waiting comes first, and a buffer only when there is something to put into it.
        if (_early is null) await transport.WaitAsync(ct);
        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferLength);
        int? count;
        if (_early is { } early)
        {
            _early = null;
            early.CopyTo(_buffer, 0);
            count = early.Length;
        }
        else
        {
            count = await transport.ReadAsync(_buffer, ct);
        }
        _at = 0;
        _filled = count is { } some ? _reader.Unwrap(_buffer.AsSpan(0, some)) : 0;
        _ended = count is null || _reader.Closed;
        if (_filled == 0) Release();
    }

    private void Release()
    {
        _at = _filled = 0;
        if (_buffer is null) return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }
}
