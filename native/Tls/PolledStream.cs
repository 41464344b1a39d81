using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Montalegre.Vdi.Tls.Polling;

namespace Montalegre.Vdi.Tls;

/// <summary>
/// A stream over a socket that is never blocked on. One read and one write may be under way at a time. A read of zero bytes
/// waits, without a buffer, until at least one byte or the end can be read.
/// </summary>
public abstract class PolledStream : Stream
{
    // 16 times 64 KB, about a millisecond of work: then the thread's other connections have their turn.
    private const int ReadsInATurn = 16;

    private int _readsInThisTurn;

    private protected PolledStream(PolledSocket socket) => Polled = socket;

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override bool CanWrite => true;

    /// <inheritdoc />
    public override bool CanSeek => false;

    /// <inheritdoc />
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc />
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    internal PolledSocket Polled { get; }

    private protected Lock Gate => Polled.Gate;

    /// <summary>Whoever waits for a read continues in the thread that polls sockets, without a change of thread. It must never block.</summary>
    public void ContinueReadsInline() => Polled.Reading.Inline = true;

    /// <summary>As <see cref="ContinueReadsInline"/>, for writes.</summary>
    public void ContinueWritesInline() => Polled.Writing.Inline = true;

    /// <summary>
    /// Lets the system end the connection when its peer has not been heard of, or has taken nothing of what is to be sent, for
    /// this long. At least 6 s.
    /// </summary>
    public void GiveUpAfter(TimeSpan silence) => Polled.GiveUpAfter(silence);

    /// <summary>From now on the same thread polls both, so that bytes from one to the other change no thread.</summary>
    public void PollWith(PolledStream other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Polled.MoveTo(other.Polled.Poller);
    }

    /// <inheritdoc />
    public sealed override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<int>(cancellationToken);
        if (buffer.IsEmpty) return WaitForDataAsync(cancellationToken);
        try
        {
            var wanted = TryRead(buffer.Span, out var read);
            return wanted == SocketEvents.None ? new(read) : FinishReadAsync(buffer, wanted, cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException) { return ValueTask.FromException<int>(e); }
    }

    /// <inheritdoc />
    public sealed override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        try
        {
            var wanted = TryWrite(buffer.Span, out var written);
            return wanted == SocketEvents.None ? default : FinishWriteAsync(buffer[written..], wanted, cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException) { return ValueTask.FromException(e); }
    }

    /// <inheritdoc />
    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc />
    public sealed override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc />
    public sealed override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Use ReadAsync: this stream never blocks a thread.");

    /// <inheritdoc />
    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Use WriteAsync: this stream never blocks a thread.");

    /// <inheritdoc />
    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc />
    public sealed override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Nothing is held back, so there is nothing to flush.</summary>
    public sealed override void Flush()
    {
        // Every write goes to the socket.
    }

    /// <inheritdoc />
    public sealed override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Reads what is there, as far as it fits; zero bytes are the end. Else answers the events to wait for.</summary>
    private protected abstract SocketEvents TryRead(Span<byte> buffer, out int read);

    /// <summary>Writes what it can; not all was written exactly when it answers events to wait for.</summary>
    private protected abstract SocketEvents TryWrite(ReadOnlySpan<byte> buffer, out int written);

    /// <summary>Whether a read would answer at once, if only with the end or a failure. Else answers the events to wait for.</summary>
    private protected abstract SocketEvents TryPeek();

    /// <summary>A write was given up half-way.</summary>
    private protected abstract void BreakWriting();

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing) Polled.Dispose();
        base.Dispose(disposing);
    }

    private ValueTask<int> WaitForDataAsync(CancellationToken ct)
    {
        try
        {
            var wanted = TryPeek();
            if (wanted != SocketEvents.None) return FinishWaitAsync(wanted, ct);
            if (++_readsInThisTurn < ReadsInATurn || !Polled.Reading.Inline) return new(0);
            _readsInThisTurn = 0;
            return WaitForTurnAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException) { return ValueTask.FromException<int>(e); }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitForTurnAsync()
    {
        Polled.Poller.Queue(Polled.Reading);
        await Polled.Reading.WaitAsync(SocketEvents.Turn);
        return 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> FinishWaitAsync(SocketEvents wanted, CancellationToken ct)
    {
        using var cancelled = WakeOn(Polled.Reading, ct);
        for (; wanted != SocketEvents.None; wanted = TryPeek())
        {
            ct.ThrowIfCancellationRequested();
            await Polled.Reading.WaitAsync(wanted);
        }
        _readsInThisTurn = 0;
        return 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> FinishReadAsync(Memory<byte> buffer, SocketEvents wanted, CancellationToken ct)
    {
        using var cancelled = WakeOn(Polled.Reading, ct);
        int read;
        do
        {
            ct.ThrowIfCancellationRequested();
            await Polled.Reading.WaitAsync(wanted);
            wanted = TryRead(buffer.Span, out read);
        }
        while (wanted != SocketEvents.None);
        return read;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishWriteAsync(ReadOnlyMemory<byte> buffer, SocketEvents wanted, CancellationToken ct)
    {
        using var cancelled = WakeOn(Polled.Writing, ct);
        do
        {
            if (ct.IsCancellationRequested) BreakWriting();
            ct.ThrowIfCancellationRequested();
            await Polled.Writing.WaitAsync(wanted);
            wanted = TryWrite(buffer.Span, out var written);
            buffer = buffer[written..];
        }
        while (wanted != SocketEvents.None);
    }

    /// <summary>
    /// A cancelled token only wakes the waiter, which then looks at it. The token is looked at after each try and before
    /// each wait, so a cancellation in between is kept as an event.
    /// </summary>
    private protected static CancellationTokenRegistration WakeOn(Readiness readiness, CancellationToken ct) =>
        ct.UnsafeRegister(static r => ((Readiness)r!).Signal(SocketEvents.All), readiness);

    /// <summary>The socket, polled by the thread with the fewest.</summary>
    private protected static PolledSocket Poll(Socket socket) => new(socket, Poller.LeastBusy());
}
