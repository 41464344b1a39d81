using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.FreeRdp;

/// <summary>The border on the way back. No exception may cross it: one is a fault of ours and ends the process.</summary>
internal static unsafe class RdpCallbacks
{
    private const int MostRects = 1024;

    public static ShimApi.Callbacks For(nint events) => new()
    {
        Size = (uint)sizeof(ShimApi.Callbacks), User = events, Sized = &Sized, Painted = &Painted, Tick = &Tick, H264 = &H264, H264End = &H264End,
        FrameEnd = &FrameEnd, Pointer = &Pointer, PointerState = &PointerState, ClipboardFormats = &ClipboardFormats,
        ClipboardData = &ClipboardData, ClipboardWanted = &ClipboardWanted, Leds = &Leds,
        DeviceMessage = &DeviceMessage, SoundFormat = &SoundFormat, Sound = &Sound, Microphone = &Microphone, Resizable = &Resizable,
    };

    private static RdpEvents Of(nint user) => (RdpEvents)GCHandle.FromIntPtr(user).Target!;

    [UnmanagedCallersOnly]
    private static void Sized(nint user, uint width, uint height) => Of(user).Sized((int)width, (int)height);

    [UnmanagedCallersOnly]
    private static void Painted(nint user, int x, int y, int w, int h) => Of(user).Painted(x, y, w, h);

    [UnmanagedCallersOnly]
    private static uint Tick(nint user, byte* pixels, uint stride, uint width, uint height) =>
        (uint)Math.Max(0, Of(user).Tick(new Picture(pixels, (int)stride, (int)width, (int)height)));

    [UnmanagedCallersOnly]
    private static uint H264(nint user, uint surface, uint x, uint y, uint w, uint h, ShimApi.Rect* rects, uint count, byte* unit, uint length)
    {
        var converted = new RdpRect[Math.Min(count, MostRects)];
        for (var i = 0; i < converted.Length; i++) converted[i] = new(rects[i].X, rects[i].Y, rects[i].W, rects[i].H);
        return Of(user).H264((int)surface, new((int)x, (int)y, (int)w, (int)h), converted, new ReadOnlySpan<byte>(unit, (int)length)) ? 1u : 0;
    }

    [UnmanagedCallersOnly]
    private static void H264End(nint user, uint surface) => Of(user).H264End((int)surface);

    [UnmanagedCallersOnly]
    private static void FrameEnd(nint user) => Of(user).FrameEnd();

    [UnmanagedCallersOnly]
    private static void Pointer(nint user, uint width, uint height, uint hotX, uint hotY, byte* rgba) =>
        Of(user).Pointer((int)width, (int)height, (int)hotX, (int)hotY, new ReadOnlySpan<byte>(rgba, (int)(width * height * 4)));

    [UnmanagedCallersOnly]
    private static void PointerState(nint user, uint hidden) => Of(user).PointerHidden(hidden != 0);

    [UnmanagedCallersOnly]
    private static void ClipboardFormats(nint user, uint formats) => Of(user).ClipboardFormats((RdpClipboard)formats);

    [UnmanagedCallersOnly]
    private static void ClipboardData(nint user, uint format, byte* data, uint length) =>
        Of(user).ClipboardData((RdpClipboard)format, new ReadOnlySpan<byte>(data, (int)length));

    [UnmanagedCallersOnly]
    private static void ClipboardWanted(nint user, uint format) => Of(user).ClipboardWanted((RdpClipboard)format);

    [UnmanagedCallersOnly]
    private static void Leds(nint user, uint leds) => Of(user).Leds((int)leds);

    [UnmanagedCallersOnly]
    private static void DeviceMessage(nint user, byte* data, uint length) => Of(user).DeviceMessage(new ReadOnlySpan<byte>(data, (int)length));

    [UnmanagedCallersOnly]
    private static void SoundFormat(nint user, uint stream, uint channels, uint rate) => Of(user).SoundFormat((int)stream, (int)channels, (int)rate);

    [UnmanagedCallersOnly]
    private static void Sound(nint user, uint stream, uint volume, byte* data, uint length) =>
        Of(user).Sound((int)stream, (ushort)volume, (ushort)(volume >> 16), new ReadOnlySpan<byte>(data, (int)length));

    [UnmanagedCallersOnly]
    private static void Microphone(nint user, uint on, uint channels, uint rate) => Of(user).Microphone(on != 0, (int)channels, (int)rate);

    [UnmanagedCallersOnly]
    private static void Resizable(nint user, uint monitors, uint pixels) => Of(user).Resizable((int)Math.Min(monitors, int.MaxValue), pixels);
}
