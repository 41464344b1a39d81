using System.Buffers;
using System.Security.Authentication;
using Montalegre.Vdi.Protocol.Wire;

// CA2012: the pending zero-byte read is held on purpose while what it follows is written; each one is consumed once.
#pragma warning disable CA2012

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>Copies one direction of a relay. Holds no buffer while nothing moves.</summary>
internal sealed class RelayPump(Stream from, Stream to)
{
    private const int BufferLength = 64 * 1024;

    private long _bytes;

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Copies until a side ends; true when <c>from</c> was the one that ended, false when <c>to</c> no longer takes bytes.</summary>
    public async Task<bool> RunAsync()
    {
        var readable = from.ReadAsync(Memory<byte>.Empty);
        while (true)
        {
            // A zero-byte read waits for data without a buffer, so an idle relay costs its two TLS states and nothing more.
            if (!await ArrivedAsync(readable)) return true;
            var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
            try
            {
                do
                {
                    var (filled, ended, next) = await FillAsync(buffer);
                    if (filled > 0 && !await SentAsync(buffer.AsMemory(0, filled))) return false;
                    if (ended) return true;
                    readable = next;
                }
                while (readable.IsCompletedSuccessfully && readable.Result >= 0);    // a ValueTask is consumed exactly once
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Takes all that is ready, up to the buffer, so that a burst of small records becomes one write.</summary>
    private async ValueTask<(int Filled, bool Ended, ValueTask<int> Readable)> FillAsync(byte[] buffer)
    {
        var filled = 0;
        while (true)
        {
            int read;
            try { read = await from.ReadAsync(buffer.AsMemory(filled)); }
            catch (Exception e) when (IsLeaving(e)) { read = 0; }
            if (read == 0) return (filled, true, default);
            filled += read;
            if (filled == buffer.Length) return (filled, false, ValueTask.FromResult(0));
            var readable = from.ReadAsync(Memory<byte>.Empty);
            if (!readable.IsCompletedSuccessfully) return (filled, false, readable);
            _ = readable.Result;
        }
    }

    private static async ValueTask<bool> ArrivedAsync(ValueTask<int> readable)
    {
        try
        {
            await readable;
            return true;
        }
        catch (Exception e) when (IsLeaving(e)) { return false; }
    }

    private async ValueTask<bool> SentAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await to.WriteAsync(bytes);
            Volatile.Write(ref _bytes, _bytes + bytes.Length);
            return true;
        }
        catch (Exception e) when (IsLeaving(e)) { return false; }
    }

    /// <summary>A peer that resets, vanishes or sends a broken record has left; so has one whose socket we closed.</summary>
    private static bool IsLeaving(Exception e) =>
        e is IOException or ObjectDisposedException or InvalidOperationException or NotSupportedException or AuthenticationException or WireFormatException;
}
