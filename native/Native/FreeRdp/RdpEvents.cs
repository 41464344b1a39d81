namespace Montalegre.Vdi.Native.FreeRdp;

/// <summary>
/// What a session says. Spans and pictures are valid inside the call only. Drawing calls hold the picture's lock;
/// with the graphics pipeline they come on a thread of libfreerdp, clipboard calls always do.
/// </summary>
public abstract class RdpEvents
{
    /// <summary>The screen has this size from now on, and what was on it is void.</summary>
    public abstract void Sized(int width, int height);

    /// <summary>These pixels may have changed; the rectangle may reach over the edge of the screen.</summary>
    public abstract void Painted(int x, int y, int width, int height);

    /// <summary>After each batch of events, on the session's own thread; answers the milliseconds after which it wants to be called again.</summary>
    public abstract int Tick(Picture picture);

    /// <summary>One H.264 access unit (Annex B), and the parts of the screen it is to be drawn on: none when only the decoder needs it.</summary>
    /// <returns>True to have it decoded and drawn here.</returns>
    public abstract bool H264(int surface, RdpRect picture, ReadOnlySpan<RdpRect> rects, ReadOnlySpan<byte> unit);

    public abstract void H264End(int surface);

    /// <summary>End of a graphics frame. The machine goes on when this returns: waiting here slows it down.</summary>
    public abstract void FrameEnd();

    public abstract void Pointer(int width, int height, int hotX, int hotY, ReadOnlySpan<byte> rgba);

    public abstract void PointerHidden(bool hidden);

    /// <summary>The machine's clipboard holds this now.</summary>
    public abstract void ClipboardFormats(RdpClipboard formats);

    /// <summary>Answer to <see cref="RdpSession.RequestClipboard"/>; text is UTF-16 with a terminator.</summary>
    public abstract void ClipboardData(RdpClipboard format, ReadOnlySpan<byte> data);

    /// <summary>The machine pastes; to be answered by <see cref="RdpSession.AnswerClipboard"/>.</summary>
    public abstract void ClipboardWanted(RdpClipboard format);

    /// <summary>Lock lights as the machine wants them: 1 scroll, 2 num, 4 caps.</summary>
    public abstract void Leds(int leds);

    /// <summary>One whole message of the machine about redirected devices, MS-RDPEFS, on the session's own thread: it must not wait.</summary>
    public abstract void DeviceMessage(ReadOnlySpan<byte> message);

    /// <summary>Sound follows in this format: 16 bit samples, interleaved.</summary>
    public abstract void SoundFormat(int stream, int channels, int rate);

    /// <summary>The volumes are the machine's wish; 65535 is full.</summary>
    public abstract void Sound(int stream, ushort leftVolume, ushort rightVolume, ReadOnlySpan<byte> samples);

    /// <summary>A program of the machine listens, or does so no more.</summary>
    public abstract void Microphone(bool isWanted, int channels, int rate);

    /// <summary>The machine takes another size: so many monitors, of so many pixels together. No monitors: its size is fixed.</summary>
    public abstract void Resizable(int monitors, long pixels);
}

/// <summary>A rectangle in pixels.</summary>
public readonly record struct RdpRect(int X, int Y, int W, int H);

/// <summary>What a clipboard can hold; DIB is a Windows bitmap without its file header.</summary>
[Flags]
public enum RdpClipboard { None = 0, Text = 1, Png = 2, Dib = 4 }

/// <summary>How a session ended; the values are the shim's.</summary>
public enum RdpEnd { Ended, NoAnswer, OtherCertificate, SignInRefused, SignedOut, TakenOver, Unsupported, Fault }

/// <summary>What a session may use.</summary>
[Flags]
public enum RdpFeatures
{
    None = 0, Nla = 1, Clipboard = 2, Graphics = 4, H264 = 8, Resize = 16, Avc444 = 1024, Devices = 0x1000, Sound = 0x2000, Microphone = 0x4000,
}

/// <summary>Where and how to sign in. The socket is connected already and becomes the session's.</summary>
/// <param name="TimeZone">TS_TIME_ZONE_INFORMATION, MS-RDPBCGR 2.2.1.11.1.1.1.1; empty when it is not known.</param>
/// <param name="Utf8Password">Empty when the machine asks by itself.</param>
public sealed record RdpTarget(
    int Socket, int Width, int Height, int ScalePercent, uint KeyboardLayout, RdpFeatures Features, string User, string Domain, byte[] Utf8Password,
    string ClientName, byte[] TimeZone, byte[] CertificateSha256)
{
    /// <summary>What the machine starts in place of the desktop; empty: the desktop.</summary>
    public string Program { get; init; } = "";

    public override string ToString() => $"RdpTarget {{ {Width}x{Height}, {Features} }}";
}
