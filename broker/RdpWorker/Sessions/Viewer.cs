using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Link;
using Montalegre.Vdi.RdpWorker.Pictures;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>
/// Somebody who sees the desktop beside the person, at a pace of their own: what this one has drawn, knows and acknowledged is
/// kept apart, so that a slow viewer costs the person nothing but the making of the pictures.
/// </summary>
internal sealed class Viewer : IDisposable
{
    private const int Sleepy = 1000;
    private const int PauseMs = 50;                     // 20 pictures a second at most: the person's come first
    private const int StillMs = 600;
    private const int MostBehind = 4 * 1024 * 1024;     // of pictures the browser decodes itself, which cannot be left out one by one
    private const int Header = 2;

    private readonly GatewayLink _link;
    private readonly byte _id;
    private readonly FrameEncoder _encoder;
    private readonly FlowControl _flow = new();
    private readonly Queue<(uint Frame, int Bytes)> _onTheirWay = new();
    private Screen _screen;
    private int _bytesOnTheirWay;
    private bool _visible = true;
    private bool _behind;
    private bool _waitsForKey;
    private bool _partial;
    private long _notBefore;

    /// <param name="replay">Gives out the frames that bring decoders up to date; false when there are none to give.</param>
    public Viewer(GatewayLink link, byte id, Hello browser, RdpSession session, Screen screen, byte[]? pointer, Func<Viewer, bool>? replay)
    {
        (_link, _id) = (link, id);
        _encoder = new(browser.CacheSlots);
        Decodes = browser.Capabilities.HasFlag(BrowserCapabilities.Avc1);
        Input = new(session);
        _screen = new(screen.Width, screen.Height);
        Span<byte> opened = stackalloc byte[5];
        opened[0] = (byte)WorkerMessage.Opened;
        BinaryPrimitives.WriteUInt16LittleEndian(opened[1..], (ushort)screen.Width);
        BinaryPrimitives.WriteUInt16LittleEndian(opened[3..], (ushort)screen.Height);
        Send(opened);
        if (pointer is not null) Send(pointer);
        if (replay is not null && Decodes) CatchUp(replay);
    }

    /// <summary>Whether its browser decodes H.264; one that does not sees those parts once the worker decodes them.</summary>
    public bool Decodes { get; }

    /// <summary>What this viewer holds down is released apart from what the person does.</summary>
    public InputPost Input { get; }

    public void Dispose()
    {
        Input.ReleaseAll();
        _encoder.Dispose();
    }

    public void Sized(int width, int height)
    {
        _screen = new(width, height);
        (_behind, _waitsForKey, _partial) = (false, false, false);
        Void();
    }

    public void Painted(int x, int y, int width, int height) => _screen.Mark(x, y, width, height);

    public void PaintedAll() => _screen.MarkAll();

    /// <summary>A picture that the browser decodes covers this part; what was to be sent of it is older.</summary>
    public void Covered(ScreenRect part)
    {
        if (Decodes) _screen.CleanWithin(part.X, part.Y, part.W, part.H);
    }

    public void Acknowledged(uint frame)
    {
        _flow.Acknowledged(frame);
        while (_onTheirWay.TryPeek(out var oldest) && oldest.Frame <= frame)
        {
            _onTheirWay.Dequeue();
            _bytesOnTheirWay -= oldest.Bytes;
        }
    }

    public void Show(bool visible)
    {
        _visible = visible;
        if (visible) _screen.MarkAll();
    }

    /// <summary>A frame that was made for the person and cannot be made twice. One that lags gets none until it has caught up.</summary>
    public void Copy(ReadOnlySpan<byte> frame, bool startsAnew, bool more = false)
    {
        if (!Decodes) return;
        if (startsAnew && _bytesOnTheirWay < MostBehind) (_behind, _waitsForKey) = (false, false);
        if (_behind) return;
        if (_bytesOnTheirWay > MostBehind)
        {
            _behind = true;
            return;
        }
        var rented = GatewayLink.Rent(Header + frame.Length);
        var body = GatewayLink.Body(rented).Span[Header..];
        frame.CopyTo(body);
        BinaryPrimitives.WriteUInt32LittleEndian(body[1..], _flow.NextId);
        body[5] = more ? (byte)1 : (byte)0;
        Sent(rented, frame.Length, more);
    }

    /// <summary>Sends what is due; answers the milliseconds after which to ask again.</summary>
    /// <param name="replay">As for the constructor; null while no picture is decoded in the browser.</param>
    public int Tick(Picture picture, Func<Viewer, bool>? replay)
    {
        if (!_visible) return Sleepy;
        if (replay is null || !Decodes) _behind = false;        // nothing is decoded in the browser any more, and all is drawn again
        else if (_behind && !_waitsForKey && _flow.IsIdle) CatchUp(replay);
        if (_behind || !_flow.HasRoom) return Sleepy;
        var now = Stopwatch.GetTimestamp();
        if (!_partial && now < _notBefore) return 1 + (int)Stopwatch.GetElapsedTime(now, _notBefore).TotalMilliseconds;
        var refines = _screen.DirtyTiles == 0;
        if (refines && (_screen.LossyTiles == 0 || !_flow.IsIdle)) return Sleepy;

        var rented = GatewayLink.Rent(Header + FrameEncoder.LongestMessage);
        var to = GatewayLink.Body(rented).Span[Header..];
        int length;
        if (refines) (length, _partial) = (_encoder.Refine(picture, _screen, _flow.NextId, now - (StillMs * Stopwatch.Frequency / 1000), to), false);
        else length = _encoder.Encode(picture, _screen, _flow.NextId, now, to, out _partial);
        if (length == 0) ArrayPool<byte>.Shared.Return(rented);
        else Sent(rented, length, _partial);
        _notBefore = now + (PauseMs * Stopwatch.Frequency / 1000);
        return _partial ? 0 : refines ? StillMs / 4 : StillMs;
    }

    /// <summary>Says something that is no frame.</summary>
    public void Send(ReadOnlySpan<byte> message)
    {
        var rented = GatewayLink.Rent(Header + message.Length);
        var body = GatewayLink.Body(rented).Span;
        (body[0], body[1]) = ((byte)WorkerMessage.ToViewer, _id);
        message.CopyTo(body[Header..]);
        _link.Send(rented, Header + message.Length);
    }

    /// <summary>Everything drawn is void: decoders begin again from the last key picture, the rest is sent anew.</summary>
    private void CatchUp(Func<Viewer, bool> replay)
    {
        Void();
        _screen.Forget();
        _screen.CleanWithin(0, 0, _screen.Width, _screen.Height);
        _behind = false;
        _behind = _waitsForKey = !replay(this);
    }

    public void FallBehind() => _behind = true;

    private void Void()
    {
        Span<byte> message = stackalloc byte[5];
        message[0] = (byte)ServerMessage.Resize;
        BinaryPrimitives.WriteUInt16LittleEndian(message[1..], (ushort)_screen.Width);
        BinaryPrimitives.WriteUInt16LittleEndian(message[3..], (ushort)_screen.Height);
        Send(message);
    }

    private void Sent(byte[] rented, int length, bool more)
    {
        var body = GatewayLink.Body(rented).Span;
        (body[0], body[1]) = ((byte)WorkerMessage.ToViewer, _id);
        _onTheirWay.Enqueue((_flow.NextId, length));
        _bytesOnTheirWay += length;
        _flow.Sent(more, length);
        _link.Send(rented, Header + length);
    }
}
