using System.Security.Cryptography;
using Montalegre.Vdi.Protocol.Channels;

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>A client's stream with a <see cref="ChannelFilter"/> on both directions. It hands on whole frames only; without a policy no stream is wrapped.</summary>
internal sealed class PolicyStream(Stream client, ChannelFilter filter) : Stream
{
    private const int BufferLength = 64 * 1024;

    private readonly byte[] _fromClient = new byte[BufferLength];
    private readonly byte[] _fromMachine = new byte[BufferLength];
    private int _start;
    private int _ready;
    private int _filled;
    private int _waiting;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Zero-byte reads ask whether there is something: what is ready here, or else something at the client.
        if (buffer.IsEmpty) return _ready > _start ? 0 : await client.ReadAsync(buffer, cancellationToken);
        while (_ready == _start)
        {
            _fromClient.AsSpan(_start, _filled - _start).CopyTo(_fromClient);
            (_filled, _start, _ready) = (_filled - _start, 0, 0);
            var read = await client.ReadAsync(_fromClient.AsMemory(_filled, BufferLength - _filled), cancellationToken);
            if (read == 0) return 0;
            _filled += read;
            _ready = Look(_fromClient.AsSpan(0, _filled), filter.FromClient);
        }
        var taken = Math.Min(buffer.Length, _ready - _start);
        _fromClient.AsSpan(_start, taken).CopyTo(buffer.Span);
        CryptographicOperations.ZeroMemory(_fromClient.AsSpan(_start, taken));     // one of these frames is the Client Info
        _start += taken;
        return taken;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var taken = Math.Min(buffer.Length, BufferLength - _waiting);
            buffer.Span[..taken].CopyTo(_fromMachine.AsSpan(_waiting));
            buffer = buffer[taken..];
            _waiting += taken;
            var whole = Look(_fromMachine.AsSpan(0, _waiting), filter.FromMachine);
            if (whole == 0) continue;
            await client.WriteAsync(_fromMachine.AsMemory(0, whole), cancellationToken);
            _fromMachine.AsSpan(whole, _waiting - whole).CopyTo(_fromMachine);
            _waiting -= whole;
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await base.DisposeAsync();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A relay reads asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A relay writes asynchronously.");

    public override void Flush() => throw new NotSupportedException("A relay writes asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private delegate void Looking(Span<byte> frame);

    /// <summary>Shows every whole frame to the filter; answers how many bytes they are.</summary>
    private static int Look(Span<byte> bytes, Looking look)
    {
        var whole = 0;
        while (RdpFrame.TryRead(bytes[whole..], out var length, out var isTpkt))
        {
            if (isTpkt) look(bytes.Slice(whole, length));
            whole += length;
        }
        return whole;
    }
}
