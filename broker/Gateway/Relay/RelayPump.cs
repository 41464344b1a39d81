using System.Buffers;
using System.Security.Authentication;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.Tls;

// CA2012: whether a wait for data is over already decides if the buffer is kept; each wait is consumed once.
#pragma warning disable CA2012

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>Which side of a pump stopped it, and how.</summary>
internal enum PumpEnd { SourceEnded, SourceBroke, TargetBroke }

/// <summary>Copies one direction of a relay. Holds no buffer while nothing moves.</summary>
internal sealed class RelayPump(Stream from, Stream to)
{
    private const int BufferLength = 64 * 1024;

    private long _bytes;

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Copies until <c>from</c> ends or breaks, or <c>to</c> takes no more bytes.</summary>
    public async Task<PumpEnd> RunAsync()
    {
        // Copying never blocks a thread, so it may run where sockets are polled and save two changes of thread a wake-up.
        (from as PolledStream)?.ContinueReadsInline();
        (to as PolledStream)?.ContinueWritesInline();
        byte[]? buffer = null;
        var reading = true;
        try
        {
            while (true)
            {
                // A zero-byte read waits for data without a buffer, so an idle relay costs its two TLS states and nothing more.
                var arrives = from.ReadAsync(Memory<byte>.Empty);
                if (buffer is not null && !arrives.IsCompleted) Return(ref buffer);
                await arrives;
                buffer ??= ArrayPool<byte>.Shared.Rent(BufferLength);
                // One read takes all that is ready, so that a burst of small records becomes one write.
                var length = await from.ReadAsync(buffer);
                if (length == 0) return PumpEnd.SourceEnded;
                reading = false;
                await to.WriteAsync(buffer.AsMemory(0, length));
                reading = true;
                Volatile.Write(ref _bytes, _bytes + length);
            }
        }
        catch (Exception e) when (IsLeaving(e)) { return reading ? PumpEnd.SourceBroke : PumpEnd.TargetBroke; }
        finally
        {
            if (buffer is not null) Return(ref buffer);
        }
    }

    private static void Return(ref byte[]? buffer)
    {
        ArrayPool<byte>.Shared.Return(buffer!);
        buffer = null;
    }

    /// <summary>A peer that resets, vanishes or sends a broken record has left; so has one whose socket we closed.</summary>
    private static bool IsLeaving(Exception e) =>
        e is IOException or ObjectDisposedException or InvalidOperationException or NotSupportedException or AuthenticationException or WireFormatException;
}
