using System.Buffers;
using System.Net.WebSockets;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>One browser's WebSocket. A browser that has gone is no error: sending then says false, reading null.</summary>
internal sealed class BrowserLeg(WebSocket socket, TimeSpan sendDeadline) : IDisposable
{
    private const int FirstBuffer = 4096;
    private static readonly TimeSpan FarewellDeadline = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _sending = new(1, 1);
    private Timer? _abort;

    /// <summary>Sends one piece of a message; pieces of two messages must not mix, so the caller sends a message to its end.</summary>
    public async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> piece, bool isLast)
    {
        using var deadline = new CancellationTokenSource(sendDeadline);
        try
        {
            await socket.SendAsync(piece, WebSocketMessageType.Binary, isLast, deadline.Token);
            return true;
        }
        catch (Exception e) when (IsGone(e)) { return false; }
    }

    /// <summary>Holds the sending side for a whole message.</summary>
    public async ValueTask<bool> HoldAsync(CancellationToken ct)
    {
        try
        {
            await _sending.WaitAsync(ct);
            return true;
        }
        catch (Exception e) when (IsGone(e)) { return false; }
    }

    public void Release() => _sending.Release();

    public async Task<bool> SendAsync(ReadOnlyMemory<byte> message)
    {
        if (!await HoldAsync(CancellationToken.None)) return false;
        try { return await SendAsync(message, isLast: true); }
        finally { Release(); }
    }

    /// <summary>The next message in a rented buffer, which the caller returns; null when the browser has gone.</summary>
    public async Task<(byte[] Buffer, int Length)?> ReceiveAsync(int most, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(FirstBuffer, most));
        var filled = 0;
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(filled), ct);
                if (received.MessageType == WebSocketMessageType.Close) break;
                if (received.MessageType != WebSocketMessageType.Binary) WireFormatException.Throw("WebSocket", "type", "is text");
                filled += received.Count;
                if (received.EndOfMessage) return filled == 0 ? throw new WireFormatException("WebSocket.length: is empty") : (buffer, filled);
                if (filled >= most) WireFormatException.Throw("WebSocket", "length", $"is over {most}");
                if (filled == buffer.Length) buffer = Grow(buffer, most);
            }
        }
        catch (Exception e) when (IsGone(e)) { /* answered below as gone */ }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
            throw;
        }
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        return null;
    }

    /// <summary>Says why it is over, and closes. Whoever reads then still waits for the browser's own close, but not long.</summary>
    /// <remarks>A socket that is closed while the browser still sends is reset, and the reason would be lost on its way.</remarks>
    public async Task EndAsync(ReasonCode reason, string reference, bool mayResume = false)
    {
        _abort ??= new Timer(static s => ((WebSocket)s!).Abort(), socket, FarewellDeadline, Timeout.InfiniteTimeSpan);
        await SendAsync(Write(new Ended((ushort)reason, mayResume, reference)));
        using var deadline = new CancellationTokenSource(FarewellDeadline);
        try { await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token); }
        catch (Exception e) when (IsGone(e)) { /* it went first */ }
    }

    /// <summary>For a browser that nobody reads from any more: says why, closes, and waits for its close.</summary>
    public async Task FarewellAsync(ReasonCode reason, string reference)
    {
        await EndAsync(reason, reference);
        await DrainAsync();
    }

    /// <summary>Waits for the close of a browser that has been told.</summary>
    public async Task DrainAsync()
    {
        try
        {
            while (await ReceiveAsync(Html5Limits.LongestHello, CancellationToken.None) is { } late) ArrayPool<byte>.Shared.Return(late.Buffer, clearArray: true);
        }
        catch (WireFormatException)
        {
            // It is on its way out already; what it says does not matter.
        }
    }

    /// <summary>Cuts it off; whatever waits on it ends.</summary>
    public void Abort() => socket.Abort();

    // The sending side is not disposed: whoever is in the middle of a message to a browser that has gone still gives it back.
    public void Dispose() => _abort?.Dispose();

    private static byte[] Write(Ended ended)
    {
        var w = new WireWriter(new byte[Ended.Longest], nameof(Ended));
        ended.Write(ref w);
        return w.WrittenSpan.ToArray();
    }

    private static byte[] Grow(byte[] buffer, int most)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 4, most));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        return larger;
    }

    private static bool IsGone(Exception e) => e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;
}
