using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>One client of a relay: announces a length, sends so many bytes in records of one size, and waits until the sink has them.</summary>
internal sealed class SourceConnection : IAsyncDisposable
{
    private readonly RecordBatch _batch;
    private readonly SslStream _tls;
    private readonly byte[] _length = new byte[sizeof(long)];

    private SourceConnection(RecordBatch batch, SslStream tls) => (_batch, _tls) = (batch, tls);

    /// <summary>Through an RD Gateway: the records travel in its packets, inside its TLS.</summary>
    public static async Task<SourceConnection> OpenThroughGatewayAsync(int port)
    {
        var batch = new RecordBatch(await RdgClientStream.OpenAsync(port));
        var tls = new SslStream(batch);
        await tls.AuthenticateAsClientAsync(TestCertificate.Client);
        batch.Gathering = true;
        return new(batch, tls);
    }

    public static async Task<SourceConnection> OpenAsync(int port)
    {
        var batch = new RecordBatch(new NetworkStream(await Door.ConnectAsync(port), ownsSocket: true));
        var tls = new SslStream(batch);
        await tls.AuthenticateAsClientAsync(TestCertificate.Client);
        batch.Gathering = true;
        return new(batch, tls);
    }

    /// <summary>Sends the chunk again and again until <paramref name="total"/> bytes went; each write is one record, or several full ones.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> chunk, long total, CancellationToken ct)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_length, total);
        await _tls.WriteAsync(_length, ct);
        for (var left = total; left > 0; left -= chunk.Length) await _tls.WriteAsync(chunk[..(int)Math.Min(left, chunk.Length)], ct);
        await _batch.SendAsync(ct);
        await _tls.ReadExactlyAsync(_length, ct);
        if (BinaryPrimitives.ReadInt64LittleEndian(_length) != total) throw new IOException("The sink counted other bytes than were sent.");
    }

    public ValueTask DisposeAsync() => _tls.DisposeAsync();
}
