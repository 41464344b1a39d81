using System.Buffers;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.RdpWorker.Channels;
using Montalegre.Vdi.RdpWorker.Link;
using Montalegre.Vdi.RdpWorker.Pictures;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>One desktop for one browser: pictures go out, input comes in, and one lock keeps them from each other.</summary>
internal sealed class DesktopWorker : RdpEvents, IDisposable
{
    private const int Sleepy = 1000;
    private const int StatusMs = 2000;
    private const int QuietMs = 2;            // xrdp sends a picture in many pieces; this long without one means it is whole
    private const int LongestWaitMs = 12;
    private const int PromptTiles = 48;       // a small picture after a pause is somebody typing: it goes at once,
    private const int PromptAfterMs = 60;     // and what belongs to it and comes later waits for its end as ever
    private const int StillMs = 600;
    private const int HeavyBytes = 16 * 1024; // after a picture of this size the next one waits, so that its parts come together;
    private const int HeavyPauseMs = 30;      // typing stays far below it and never waits
    private const int HeavyWaitMs = 24;       // a photo's pieces come for longer than those of a menu
    private const int MachineWaitsMs = 500;   // a browser that never acknowledges must not freeze libfreerdp for ever
    private const int RectSide = 512;
    private const int MostExact = 4096;

    private readonly Lock _gate = new();
    private readonly GatewayLink _link;
    private readonly WorkerStart _start;
    private readonly RdpSession _session;
    private readonly InputPost _input;
    private readonly Clipboard _clipboard;
    private readonly BrowserChannels _channels;
    private readonly FrameEncoder _encoder;
    private readonly FlowControl _flow = new();
    private readonly ManualResetEventSlim _room = new(true);
    private readonly List<ScreenRect> _exact = [];
    private readonly HashSet<int> _decoders = [];
    private readonly HashSet<int> _keyless = [];
    private readonly ReplayLog _replay = new();
    private readonly OwnDecoders _own;
    private readonly Viewers _viewers;
    private Screen? _screen;
    private Hello _browser;
    private byte[]? _pointer;
    private bool _attached = true;
    private bool _visible = true;
    private bool _partial;
    private bool _isOver;
    private long _firstPaint;
    private long _lastPaint;
    private long _notBefore;
    private long _lastPicture;
    private long _lastStatus = Stopwatch.GetTimestamp();
    private readonly Monitors _monitors;

    public DesktopWorker(GatewayLink link, WorkerStart start, int socket, SafeFileHandle? scratch)
    {
        (_link, _start, _browser) = (link, start, start.Browser);
        _channels = new(link, start, scratch);
        _encoder = new(_browser.CacheSlots);
        _session = new(new RdpTarget(
            socket, _browser.Width, _browser.Height, _browser.ScalePercent, _browser.KeyboardLayout, Features.Of(start),
            start.UserName, start.Domain, start.Secret, start.ClientName, start.TimeZone, start.CertificateSha256) { Program = start.Program }, this);
        _channels.Start(_session);
        _input = new(_session);
        _clipboard = new(_session, link, start.Allowed);
        _viewers = new(_session, link, _replay);
        _monitors = new(_session, link, start);
        _own = new(_session, _replay);
    }

    public WorkerEnd Run() => (WorkerEnd)_session.Run();

    /// <summary>Reads what gateway and browser say until the gateway goes; on a thread of its own.</summary>
    public void ReadAll()
    {
        try
        {
            while (_link.Receive() is { } message)
            {
                try { Take(message.Buffer.AsSpan(0, message.Length)); }
                finally { ArrayPool<byte>.Shared.Return(message.Buffer); }
            }
        }
        catch (WireFormatException)
        {
            // The gateway checks what browsers send before it passes it on; whatever comes here broken ends the session.
        }
        lock (_gate) if (!_isOver) _session.Stop();
    }

    public void Dispose()
    {
        // The reading thread lives on until the gateway goes, and must not find a session that has been freed.
        lock (_gate)
        {
            _isOver = true;
            _viewers.Dispose();
        }
        _session.Dispose();
        _encoder.Dispose();
        _room.Dispose();
    }

    public override void Sized(int width, int height)
    {
        lock (_gate)
        {
            var first = _screen is null;
            _screen = new Screen(width, height);
            _exact.Clear();
            _replay.Clear();
            (_partial, _firstPaint) = (false, 0);
            _monitors.Sized(width, height);
            if (first) Open(_screen);
            else if (_attached) _link.Resized(width, height);
            foreach (var viewer in _viewers.All) viewer.Sized(width, height);
        }
    }

    public override void Painted(int x, int y, int width, int height)
    {
        lock (_gate)
        {
            if (_screen is not { } screen) return;
            _lastPaint = Stopwatch.GetTimestamp();
            if (_firstPaint == 0) _firstPaint = _lastPaint;
            if (_decoders.Count > 0) Exactly(screen, x, y, width, height);
            else screen.Mark(x, y, width, height);
            foreach (var viewer in _viewers.All)
                if (_decoders.Count == 0 || !viewer.Decodes) viewer.Painted(x, y, width, height);
        }
    }

    public override int Tick(Picture picture)
    {
        lock (_gate)
        {
            // Without the person nobody sees anything: they could not see who looks.
            if (_screen is not { } screen || !_attached) return Sleepy;
            if (_decoders.Count > 0 && NeedsTiles && _own.TakeOver(_decoders)) foreach (var surface in _decoders.ToArray()) EndDecoder(surface);
            var own = Math.Min(_monitors.Ask(), _visible || _viewers.Any ? TickOwn(picture, screen) : Sleepy);
            return _viewers.Any ? Math.Min(own, _viewers.Tick(picture, _decoders.Count > 0)) : own;
        }
    }

    public override bool H264(int surface, RdpRect picture, ReadOnlySpan<RdpRect> rects, ReadOnlySpan<byte> unit)
    {
        lock (_gate)
        {
            var isKey = AnnexB.HasKeyFrame(unit);
            if (DecodesHere(surface, isKey)) return true;
            _decoders.Add(surface);
            // A browser that came later has nothing that a difference could be added to.
            if (isKey) _keyless.Remove(surface);
            if (unit.Length > Html5Limits.LongestToBrowser / 2) return false;
            Span<ScreenRect> parts = stackalloc ScreenRect[Math.Min(rects.Length, Html5Limits.MostRects)];
            for (var i = 0; i < parts.Length; i++) parts[i] = Narrow(rects[i]);
            // What libfreerdp drew there before is older than this picture.
            foreach (var part in parts)
            {
                _exact.RemoveAll(e => Covers(part, e));
                _screen?.CleanWithin(part.X, part.Y, part.W, part.H);
                foreach (var viewer in _viewers.All) viewer.Covered(part);
            }
            var rented = GatewayLink.Rent(FrameMessage.HeaderLength + 64 + (parts.Length * 8) + unit.Length);
            var body = GatewayLink.Body(rented).Span;
            var ops = new FrameOps(body[(FrameMessage.HeaderLength + 2)..]);
            ops.H264((ushort)surface, isKey, Narrow(picture), parts, unit);
            SendOps(rented, ops.Count, ops.Written, _screen is { } screen && ReplayLog.StartsAnew(isKey, parts, screen.Width, screen.Height), isPicture: parts.Length > 0, toPerson: !_keyless.Contains(surface));
            return false;
        }
    }

    public override void H264End(int surface)
    {
        lock (_gate)
        {
            _own.Remove(surface);
            EndDecoder(surface);
        }
    }

    public override void FrameEnd() => _room.Wait(MachineWaitsMs);

    public override void Pointer(int width, int height, int hotX, int hotY, ReadOnlySpan<byte> rgba) => ShowPointer(Messages.Pointer(width, height, hotX, hotY, rgba));

    public override void PointerHidden(bool hidden) => ShowPointer([(byte)(hidden ? ServerMessage.PointerHidden : ServerMessage.PointerDefault)]);

    public override void ClipboardFormats(RdpClipboard formats)
    {
        lock (_gate) _clipboard.Offered(formats);
    }

    public override void ClipboardData(RdpClipboard format, ReadOnlySpan<byte> data) => _clipboard.FromDesktop(format, data);

    public override void ClipboardWanted(RdpClipboard format) => _clipboard.Wanted(format);

    public override void Leds(int leds) => _link.Byte(ServerMessage.KeyboardState, (byte)leds);

    public override void DeviceMessage(ReadOnlySpan<byte> message) => _channels.DeviceMessage(message);

    public override void SoundFormat(int stream, int channels, int rate) => _channels.SoundFormat(stream, channels, rate);

    public override void Sound(int stream, ushort leftVolume, ushort rightVolume, ReadOnlySpan<byte> samples) =>
        _channels.Sound(stream, leftVolume, rightVolume, samples);

    public override void Microphone(bool isWanted, int channels, int rate) => _channels.MicrophoneWanted(isWanted, channels, rate);

    public override void Resizable(int monitors, long pixels)
    {
        lock (_gate)
        {
            if (_isOver) return;
            _monitors.Allowed(monitors, pixels);
            if (_screen is not null && _attached) _monitors.Tell();
            _session.Wake();
        }
    }

    private void Take(ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            if (_isOver) return;
            switch ((WorkerMessage)message[0])
            {
                case WorkerMessage.Attach: Attach(Hello.Read(message[1..])); break;
                case WorkerMessage.Detach: Detach(); break;
                case WorkerMessage.Printed: _channels.Printed(message); break;
                case WorkerMessage.ViewerAttach: AttachViewer(message[1], Hello.Read(message[2..])); break;
                case WorkerMessage.ViewerDetach: DetachViewer(message[1]); break;
                case WorkerMessage.FromViewer when _attached: _viewers.Take(message[1], BrowserInput.Read(message[2..])); break;
                case WorkerMessage.FromViewer: break;
                default: Take(BrowserInput.Read(message)); break;
            }
        }
    }

    private void Take(BrowserInput input)
    {
        switch (input)
        {
            case BrowserInput.Ack ack:
                _flow.Acknowledged(ack.Frame);
                if (_flow.HasRoom) _room.Set();
                _session.Wake();
                break;
            case BrowserInput.Key key: _input.Key(key); break;
            case BrowserInput.Text text: _input.Text(text.Characters); break;
            case BrowserInput.Mouse mouse:
                _input.Mouse(mouse);
                _viewers.PersonPointsAt(mouse.X, mouse.Y);
                break;
            case BrowserInput.Wheel wheel: _input.Turn(wheel); break;
            case BrowserInput.Resize resize:
                _monitors.Want(resize);
                _session.Wake();
                break;
            case BrowserInput.ClipboardRequest request: _clipboard.Requested(request.Format); break;
            case BrowserInput.ClipboardData data: _clipboard.FromBrowser(data); break;
            case BrowserInput.Ping ping: _link.Pong(ping.Value); break;
            case BrowserInput.Focus focus: Focus(focus); break;
            case BrowserInput.Visible visible: Show(visible.IsVisible); break;
            default: _channels.Take(input, _session); break;
        }
    }

    /// <summary>Another browser looks, or the same one again: it knows nothing of what was drawn.</summary>
    private void Attach(Hello browser)
    {
        (_browser, _attached, _visible, _partial) = (browser, true, true, false);
        _flow.Reset();
        _room.Set();
        _encoder.ForgetCache(browser.CacheSlots);
        if (_screen is not { } screen)
        {
            _channels.Attach(browser);
            return;
        }
        screen.Forget();
        Open(screen);
        if (_pointer is not null) _link.Send(_pointer);
        _channels.Attach(browser);
        _session.Pause(false);
        if (NeedsTiles) _keyless.UnionWith(_decoders);      // until they are decoded here
        else if (_decoders.Count > 0) Replay(screen);
        _monitors.WantWhole(browser);
        _session.Wake();
    }

    private void Open(Screen screen)
    {
        _link.Opened(screen.Width, screen.Height, _session.TakesText);
        _monitors.Tell();
    }

    private void Replay(Screen screen)
    {
        screen.CleanWithin(0, 0, screen.Width, screen.Height);
        _exact.Clear();
        if (_replay.Replay(() => _flow.NextId, (frame, more) =>
        {
            _flow.Sent(more, frame.Length);
            _link.Send(frame);
        })) return;
        _keyless.UnionWith(_decoders);
        _session.Refresh();
    }

    private void Detach()
    {
        _attached = false;
        _channels.Detach();
        _input.ReleaseAll();
        _viewers.ReleaseAll();
        _session.Pause(true);
        _room.Set();
    }

    private void AttachViewer(byte id, Hello browser)
    {
        if (_screen is not { } screen) return;      // the gateway lets nobody look before there is a picture
        _viewers.Attach(id, browser, screen, _pointer, _decoders.Count > 0);
        if (_attached) _session.Pause(false);
        _session.Wake();
    }

    private void DetachViewer(byte id)
    {
        _viewers.Detach(id);
        if (!_visible && !_viewers.Any) _session.Pause(true);
    }

    private void Show(bool visible)
    {
        if (visible == _visible) return;
        _visible = visible;
        _session.Pause(!visible && !_viewers.Any);
        if (visible) _screen?.MarkAll();
        _session.Wake();
    }

    private void Focus(BrowserInput.Focus focus)
    {
        if (focus.HasFocus) _session.Locks(focus.Locks);
        else _input.ReleaseAll();
    }

    private void ShowPointer(byte[] message)
    {
        lock (_gate)
        {
            _pointer = message;
            if (_attached) _link.Send(message);
            _viewers.Say(message);
        }
    }

    private int TickOwn(Picture picture, Screen screen)
    {
        if (Stopwatch.GetElapsedTime(_lastStatus).TotalMilliseconds >= StatusMs) SendStatus();
        if (!_flow.HasRoom) return Sleepy;          // an acknowledgement wakes this thread
        if (_exact.Count > 0) SendExact(picture);
        if (screen.DirtyTiles == 0) return Refine(picture, screen);
        if (_firstPaint != 0 && !_partial && !IsPrompt(screen))
        {
            var (quiet, since) = (Stopwatch.GetElapsedTime(_lastPaint).TotalMilliseconds, Stopwatch.GetElapsedTime(_firstPaint).TotalMilliseconds);
            if (quiet < QuietMs && since < (_notBefore > 0 ? HeavyWaitMs : LongestWaitMs)) return 1;
            if (Stopwatch.GetTimestamp() is var now && now < _notBefore) return 1 + (int)Stopwatch.GetElapsedTime(now, _notBefore).TotalMilliseconds;
        }
        return SendPicture(picture, screen);
    }

    private bool IsPrompt(Screen screen) =>
        screen.DirtyTiles <= PromptTiles && Stopwatch.GetElapsedTime(_lastPicture).TotalMilliseconds >= PromptAfterMs;

    private int SendPicture(Picture picture, Screen screen)
    {
        var rented = GatewayLink.Rent(FrameEncoder.LongestMessage);
        var length = _encoder.Encode(picture, screen, _flow.NextId, Stopwatch.GetTimestamp(), GatewayLink.Body(rented).Span, out _partial);
        _lastPicture = Stopwatch.GetTimestamp();
        if (!_partial) _firstPaint = 0;
        if (!_partial) _notBefore = length > HeavyBytes ? _lastPicture + (HeavyPauseMs * Stopwatch.Frequency / 1000) : 0;
        Send(rented, length, _partial);
        return _partial ? 0 : StillMs;
    }

    private int Refine(Picture picture, Screen screen)
    {
        _firstPaint = 0;
        if (screen.LossyTiles == 0) return Sleepy;
        if (!_flow.IsIdle) return Sleepy;
        var stillSince = Stopwatch.GetTimestamp() - (StillMs * Stopwatch.Frequency / 1000);
        var rented = GatewayLink.Rent(FrameEncoder.LongestMessage);
        Send(rented, _encoder.Refine(picture, screen, _flow.NextId, stillSince, GatewayLink.Body(rented).Span), more: false);
        return StillMs / 4;
    }

    private void SendExact(Picture picture)
    {
        foreach (var rect in _exact)
        {
            var rented = GatewayLink.Rent(FrameEncoder.LongestMessage);
            var length = _encoder.EncodeRect(picture, rect, _flow.NextId, GatewayLink.Body(rented).Span);
            _replay.Add(GatewayLink.Body(rented).Span[..length], startsAnew: false);
            _viewers.Copy(GatewayLink.Body(rented).Span[..length], startsAnew: false);
            Send(rented, length, more: false);
        }
        _exact.Clear();
    }

    private void Exactly(Screen screen, int x, int y, int width, int height)
    {
        var (left, top) = (Math.Clamp(x, 0, screen.Width), Math.Clamp(y, 0, screen.Height));
        var (right, bottom) = (Math.Clamp(x + width, left, screen.Width), Math.Clamp(y + height, top, screen.Height));
        for (var rowY = top; rowY < bottom; rowY += RectSide)
            for (var rowX = left; rowX < right; rowX += RectSide)
                if (_exact.Count < MostExact) _exact.Add(new((ushort)rowX, (ushort)rowY, (ushort)Math.Min(RectSide, right - rowX), (ushort)Math.Min(RectSide, bottom - rowY)));
    }

    /// <summary>Changes from browsers that decode to decoding here at a key picture or in <see cref="Tick"/>, and back at a key picture: in between a decoder knows nothing.</summary>
    private bool DecodesHere(int surface, bool isKey)
    {
        if (_own.Has(surface))
        {
            if (!isKey || NeedsTiles) return true;
            _own.Remove(surface);
            return false;
        }
        if (!isKey || !NeedsTiles) return false;
        _own.Add(surface);
        EndDecoder(surface);
        return true;
    }

    private bool NeedsTiles => !_browser.Capabilities.HasFlag(BrowserCapabilities.Avc1) || _viewers.NeedTiles;

    /// <summary>No browser decodes this surface any more.</summary>
    private void EndDecoder(int surface)
    {
        _keyless.Remove(surface);
        if (!_decoders.Remove(surface)) return;
        var rented = GatewayLink.Rent(FrameMessage.HeaderLength + 16);
        var ops = new FrameOps(GatewayLink.Body(rented).Span[(FrameMessage.HeaderLength + 2)..]);
        ops.DecoderEnd((ushort)surface);
        SendOps(rented, ops.Count, ops.Written, startsAnew: false, isPicture: true);
        if (_decoders.Count > 0) return;
        _replay.Clear();
        _exact.Clear();
        _screen?.MarkAll();     // libfreerdp draws everything again, and tiles are compared again
        foreach (var viewer in _viewers.All) viewer.PaintedAll();
    }

    private void SendOps(byte[] rented, int count, int written, bool startsAnew, bool isPicture, bool toPerson = true)
    {
        var body = GatewayLink.Body(rented).Span;
        FrameMessage.WriteHeader(body, _flow.NextId, more: false, 0, 0);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(body[FrameMessage.HeaderLength..], (ushort)count);
        var length = FrameMessage.HeaderLength + 2 + written;
        _replay.Add(body[..length], startsAnew);
        if (_attached) _viewers.Copy(body[..length], startsAnew, more: !isPicture);
        else _viewers.FallBehind();
        if (_attached && toPerson && _browser.Capabilities.HasFlag(BrowserCapabilities.Avc1)) Send(rented, length, more: !isPicture);
        else ArrayPool<byte>.Shared.Return(rented);
    }

    private void Send(byte[] rented, int length, bool more)
    {
        if (length == 0)
        {
            ArrayPool<byte>.Shared.Return(rented);
            return;
        }
        _flow.Sent(more, length);
        if (!_flow.HasRoom) _room.Reset();
        _link.Send(rented, length);
    }

    private void SendStatus()
    {
        _lastStatus = Stopwatch.GetTimestamp();
        _link.Status(_flow.Report());
    }

    private static ScreenRect Narrow(RdpRect rect) => new((ushort)rect.X, (ushort)rect.Y, (ushort)rect.W, (ushort)rect.H);

    private static bool Covers(ScreenRect outer, ScreenRect inner) =>
        inner.X >= outer.X && inner.Y >= outer.Y && inner.X + inner.W <= outer.X + outer.W && inner.Y + inner.H <= outer.Y + outer.H;
}
