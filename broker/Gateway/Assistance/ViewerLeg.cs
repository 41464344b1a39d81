using System.Buffers;
using System.Threading.Channels;
using Montalegre.Vdi.Gateway.Html5;

namespace Montalegre.Vdi.Gateway.Assistance;

/// <summary>The browser of a viewer, behind a queue of its own: the person's pictures never wait for it.</summary>
internal sealed class ViewerLeg(BrowserLeg browser)
{
    private const int MostBytes = 32 * 1024 * 1024;     // the worker holds back long before; a hostile one ends here
    private readonly Channel<(byte[] Buffer, int Length, bool IsLast)> _waiting = Channel.CreateUnbounded<(byte[], int, bool)>(new() { SingleReader = true });
    private readonly Lock _gate = new();
    private readonly List<byte[]> _afterMessage = [];
    private bool _inMessage;
    private bool _welcomed;
    private int _bytes;

    public BrowserLeg Browser => browser;

    /// <summary>The viewer is let in: what the worker says from here on is for this one.</summary>
    public void Welcome(ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            _welcomed = true;
            Put(message, isLast: true);
        }
    }

    /// <summary>Takes a piece of what the worker says. The rest of a message that began for another viewer is nobody's.</summary>
    public void Offer(bool isFirst, ReadOnlySpan<byte> piece, bool isLast)
    {
        lock (_gate)
        {
            if (!_welcomed || isFirst == _inMessage) return;
            Put(piece, isLast);
            _inMessage = !isLast;
            if (_inMessage) return;
            foreach (var message in _afterMessage) Put(message, isLast: true);
            _afterMessage.Clear();
        }
    }

    /// <summary>Says something of the gateway's own, which must not come between the pieces of a message.</summary>
    public void Say(byte[] message)
    {
        lock (_gate)
        {
            if (_inMessage) _afterMessage.Add(message);
            else if (_welcomed) Put(message, isLast: true);
        }
    }

    /// <summary>The bytes are copied. A viewer that takes nothing for too long is cut off.</summary>
    private void Put(ReadOnlySpan<byte> piece, bool isLast)
    {
        if (Interlocked.Add(ref _bytes, piece.Length) > MostBytes)
        {
            browser.Abort();
            return;
        }
        var rented = ArrayPool<byte>.Shared.Rent(Math.Max(1, piece.Length));
        piece.CopyTo(rented);
        if (!_waiting.Writer.TryWrite((rented, piece.Length, isLast))) ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Sends what waits until the leg is closed or the browser has gone. A message is sent to its end before another begins.</summary>
    public async Task SendAllAsync()
    {
        var (held, gone) = (false, false);
        await foreach (var (buffer, length, isLast) in _waiting.Reader.ReadAllAsync())
        {
            if (!gone && !held) (held, gone) = (true, !await browser.HoldAsync(CancellationToken.None));
            if (!gone) gone = !await browser.SendAsync(buffer.AsMemory(0, length), isLast);
            if (held && isLast)
            {
                browser.Release();
                held = false;
            }
            Interlocked.Add(ref _bytes, -length);
            ArrayPool<byte>.Shared.Return(buffer);
        }
        if (held) browser.Release();
    }

    /// <summary>Nothing more will be offered.</summary>
    public void Close() => _waiting.Writer.TryComplete();
}
