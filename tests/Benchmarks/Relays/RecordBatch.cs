namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>
/// Below a TLS stream: gathers its records into large writes, because one system call a record would measure the client.
/// It is off until the handshake is over.
/// </summary>
internal sealed class RecordBatch(Stream inner) : Stream
{
    private readonly byte[] _buffer = new byte[128 * 1024];
    private int _filled;

    public bool Gathering { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_filled + buffer.Length > _buffer.Length) await SendAsync(cancellationToken);
        if (!Gathering || buffer.Length > _buffer.Length)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            return;
        }
        buffer.CopyTo(_buffer.AsMemory(_filled));
        _filled += buffer.Length;
    }

    /// <summary>Sends what was gathered.</summary>
    public async ValueTask SendAsync(CancellationToken ct)
    {
        if (_filled == 0) return;
        await inner.WriteAsync(_buffer.AsMemory(0, _filled), ct);
        _filled = 0;
    }

    public override void Flush()
    {
        // TLS flushes after each record; gathering ends with SendAsync.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
