using System.Buffers.Binary;
using System.Net.Security;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Tests.Tls;

public sealed class TlsStressTests
{
    private const int Relays = 1_000;
    private const int HandshakesAtOnce = 16;
    private const int LongsEachWay = 8 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);        // a thousand relays

    [Fact]
    public async Task Thousand_relays_at_once_mix_no_bytes()
    {
        var open = new (SslStream Client, SslStream Machine, Task<RelayEnd> Running)[Relays];
        await Parallel.ForAsync(0, Relays, new ParallelOptions { MaxDegreeOfParallelism = HandshakesAtOnce }, async (i, _) =>
        {
            var (toClient, client, _) = await LoopbackPair.TlsAsync(weServe: true);
            var (toMachine, machine, _) = await LoopbackPair.TlsAsync(weServe: false);
            open[i] = (client, machine, new Relay.Relay(toClient, toMachine).RunAsync());
        });
        await Task.WhenAll(open.SelectMany((relay, i) => new[]
        {
            SendTaggedAsync(relay.Client, 2 * i), CheckTaggedAsync(relay.Machine, 2 * i),
            SendTaggedAsync(relay.Machine, 2 * i + 1), CheckTaggedAsync(relay.Client, 2 * i + 1),
        })).WaitAsync(Patience);
        await Task.WhenAll(open.Select(async (relay, i) =>
        {
            await (i % 2 == 0 ? relay.Client : relay.Machine).DisposeAsync();
            var end = await relay.Running;
            if (i % 2 == 0) Assert.Equal(RelayEnd.ClientClosed, end);
            else Assert.True(end is RelayEnd.MachineClosed or RelayEnd.MachineLost, $"{end}");      // a close with bytes unread is a reset
            Assert.Equal(0, await (i % 2 == 0 ? relay.Machine : relay.Client).ReadAsync(new byte[1]));
        })).WaitAsync(Patience);
    }

    /// <summary>Each stream is closed by other threads while it reads and writes; a freed state or a foreign descriptor would crash or mix.</summary>
    [Fact]
    public async Task Streams_closed_in_the_middle_of_anything_end_with_an_error_and_nothing_worse()
    {
        await Parallel.ForAsync(0, 400, new ParallelOptions { MaxDegreeOfParallelism = HandshakesAtOnce }, async (i, _) =>
        {
            var (ours, theirs, _) = await LoopbackPair.TlsAsync(weServe: i % 2 == 0);
            if (i % 3 == 0) ours.ContinueReadsInline();
            if (i % 5 == 0) ours.ContinueWritesInline();
            var busy = new[] { WriteForeverAsync(ours), ReadForeverAsync(ours), WriteForeverAsync(theirs), ReadForeverAsync(theirs) };
            for (var turn = i % 7; turn > 0; turn--) await Task.Yield();
            await Task.WhenAll(Task.Run(() => ours.Dispose()), Task.Run(() => ours.ShutdownAsync(CancellationToken.None)).ContinueWith(_ => { }), Task.Run(() => ours.Dispose()));
            foreach (var ended in await Task.WhenAll(busy[..2]).WaitAsync(Patience))
                Assert.True(ended is ObjectDisposedException or IOException, $"{ended}");
            await theirs.DisposeAsync();
            await Task.WhenAll(busy).WaitAsync(Patience);
        });
    }

    private static async Task<Exception> WriteForeverAsync(Stream stream)
    {
        await Task.Yield();
        var chunk = new byte[20_000];
        try { while (true) await stream.WriteAsync(chunk); }
        catch (Exception e) { return e; }
    }

    private static async Task<Exception> ReadForeverAsync(Stream stream)
    {
        await Task.Yield();
        var chunk = new byte[20_000];
        try { while (await stream.ReadAsync(chunk) > 0) await stream.ReadAsync(Memory<byte>.Empty); }
        catch (Exception e) { return e; }
        return new EndOfStreamException();
    }

    private static async Task SendTaggedAsync(SslStream to, int tag)
    {
        var chunk = new byte[8 * (1 + tag % 300)];
        for (var at = 0; at < LongsEachWay;)
        {
            var longs = Math.Min(chunk.Length / 8, LongsEachWay - at);
            for (var i = 0; i < longs; i++) BinaryPrimitives.WriteInt64LittleEndian(chunk.AsSpan(8 * i), (long)tag << 32 | (uint)at++);
            await to.WriteAsync(chunk.AsMemory(0, 8 * longs));
        }
    }

    private static async Task CheckTaggedAsync(SslStream from, int tag)
    {
        var chunk = new byte[8 * 64];
        for (var at = 0; at < LongsEachWay;)
        {
            await from.ReadExactlyAsync(chunk);
            for (var i = 0; i < chunk.Length; i += 8)
                if (BinaryPrimitives.ReadInt64LittleEndian(chunk.AsSpan(i)) != ((long)tag << 32 | (uint)at++)) throw new InvalidDataException($"Relay {tag / 2} got a foreign byte.");
        }
    }
}
