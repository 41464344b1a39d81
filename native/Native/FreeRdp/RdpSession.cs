using System.Runtime.InteropServices;
using System.Text;

namespace Montalegre.Vdi.Native.FreeRdp;

/// <summary>One RDP session in libfreerdp. Orders may come from any thread and are carried out on the session's.</summary>
public sealed unsafe class RdpSession : IDisposable
{
    public const int MostMonitors = 4;      // MV_MONITORS of the shim

    private readonly ShimApi.SessionHandle _session;
    private GCHandle _events;

    public RdpSession(RdpTarget target, RdpEvents events)
    {
        _events = GCHandle.Alloc(events);
        var callbacks = RdpCallbacks.For(GCHandle.ToIntPtr(_events));
        var password = Terminated(target.Utf8Password);
        fixed (byte* user = Terminated(Encoding.UTF8.GetBytes(target.User)), domain = Terminated(Encoding.UTF8.GetBytes(target.Domain)))
        fixed (byte* secret = password, name = Terminated(Encoding.UTF8.GetBytes(target.ClientName)), zone = target.TimeZone, program = Terminated(Encoding.UTF8.GetBytes(target.Program)))
        {
            var config = new ShimApi.Config
            {
                Size = (uint)sizeof(ShimApi.Config), Socket = target.Socket, Width = (uint)target.Width, Height = (uint)target.Height,
                ScalePercent = (uint)target.ScalePercent, KeyboardLayout = target.KeyboardLayout, Flags = (uint)target.Features,
                User = user, Domain = domain, Password = target.Utf8Password.Length == 0 ? null : secret, ClientName = name,
                TimeZone = zone, Program = program,
            };
            target.CertificateSha256.AsSpan(0, 32).CopyTo(new Span<byte>(config.CertificateSha256, 32));
            _session = ShimApi.Create(&config, &callbacks);
        }
        Array.Clear(password);
        if (!_session.IsInvalid) return;
        _events.Free();
        throw new InvalidOperationException("libfreerdp could not make a session; its version may not be the one this was built for.");
    }

    /// <summary>Connects and serves the session on the calling thread until it ends.</summary>
    public RdpEnd Run() => (RdpEnd)ShimApi.Run(_session);

    public void Stop() => ShimApi.Stop(_session);

    /// <summary>Whether the machine takes any character, and not only those of its keyboard layout; known once the screen has a size.</summary>
    public bool TakesText => ShimApi.TakesText(_session) != 0;

    /// <summary>Has <see cref="RdpEvents.Tick"/> called soon.</summary>
    public void Wake() => ShimApi.Wake(_session);

    public void Key(int scancode, bool extended, bool down) => ShimApi.Key(_session, (uint)scancode, extended ? 1u : 0, down ? 1u : 0);

    /// <summary>The Pause key, as a keyboard says it: E1 before Control and Num Lock, both down and up again.</summary>
    public void PauseKey() => ShimApi.PauseKey(_session);

    public void Unicode(char unit, bool down) => ShimApi.Unicode(_session, unit, down ? 1u : 0);

    /// <summary>A pointer event with the flags of TS_POINTER_EVENT, MS-RDPBCGR 2.2.8.1.1.3.1.1.3.</summary>
    public void Mouse(int flags, int x, int y) => ShimApi.Mouse(_session, (uint)flags, (uint)x, (uint)y);

    /// <summary>Back and forward buttons, TS_POINTERX_EVENT, MS-RDPBCGR 2.2.8.1.1.3.1.1.4.</summary>
    public void MouseExtended(int flags, int x, int y) => ShimApi.MouseExtended(_session, (uint)flags, (uint)x, (uint)y);

    public void Locks(int leds) => ShimApi.Locks(_session, (uint)leds);

    /// <summary>Asks for these monitors, at most <see cref="MostMonitors"/>; the first is the primary one, at 0,0.</summary>
    public void Resize(ReadOnlySpan<RdpRect> monitors, int scalePercent)
    {
        Span<ShimApi.Rect> rects = stackalloc ShimApi.Rect[MostMonitors];
        for (var i = 0; i < monitors.Length; i++)
            rects[i] = new() { X = (ushort)monitors[i].X, Y = (ushort)monitors[i].Y, W = (ushort)monitors[i].W, H = (ushort)monitors[i].H };
        fixed (ShimApi.Rect* first = rects) ShimApi.Resize(_session, first, (uint)monitors.Length, (uint)scalePercent);
    }

    /// <summary>Asks the machine to paint everything again.</summary>
    /// <summary>Inside <see cref="RdpEvents.Tick"/> only: false while the machine draws. To be followed by <see cref="EndDecoding"/>.</summary>
    public bool TryBeginDecoding() => ShimApi.DecodingBegin(_session) != 0;

    /// <summary>Has libfreerdp decode a unit, and draw these parts of the screen.</summary>
    public void Decode(int surface, ReadOnlySpan<RdpRect> rects, ReadOnlySpan<byte> unit)
    {
        var parts = new ShimApi.Rect[rects.Length];
        for (var i = 0; i < parts.Length; i++) parts[i] = new() { X = (ushort)rects[i].X, Y = (ushort)rects[i].Y, W = (ushort)rects[i].W, H = (ushort)rects[i].H };
        ShimApi.Decode(_session, (uint)surface, parts, (uint)parts.Length, unit, (uint)unit.Length);
    }

    public void EndDecoding() => ShimApi.DecodingEnd(_session);

    public void Refresh() => ShimApi.Refresh(_session);

    /// <summary>Asks the machine to stop painting while nobody looks, or to go on.</summary>
    public void Pause(bool paused) => ShimApi.Pause(_session, paused ? 1u : 0);

    public void OfferClipboard(RdpClipboard formats) => ShimApi.ClipboardOffer(_session, (uint)formats);

    public void RequestClipboard(RdpClipboard format) => ShimApi.ClipboardRequest(_session, (uint)format);

    /// <summary>Answers a paste; None says that there is nothing.</summary>
    public void AnswerClipboard(RdpClipboard format, ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data) ShimApi.ClipboardAnswer(_session, (uint)format, start, (uint)data.Length);
    }

    /// <summary>A message to the machine about redirected devices; dropped while it has no such channel.</summary>
    public void SendDevices(ReadOnlySpan<byte> message)
    {
        fixed (byte* start = message) ShimApi.DeviceSend(_session, start, (uint)message.Length);
    }

    /// <summary>Samples for the program of the machine that listens; dropped when none does.</summary>
    public void MicrophoneAudio(ReadOnlySpan<byte> samples)
    {
        fixed (byte* start = samples) ShimApi.MicrophoneAudio(_session, start, (uint)samples.Length);
    }

    public void Dispose()
    {
        _session.Dispose();
        if (_events.IsAllocated) _events.Free();
    }

    private static byte[] Terminated(byte[] text)
    {
        var terminated = new byte[text.Length + 1];
        text.CopyTo(terminated, 0);
        return terminated;
    }
}
