using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.FreeRdp;

/// <summary>The functions of native/shim, as montalegre_rdp.h declares them.</summary>
internal static unsafe partial class ShimApi
{
    private const string Shim = "libmontalegre_rdp";

    [StructLayout(LayoutKind.Sequential)]
    internal struct Config
    {
        public uint Size;
        public int Socket;
        public uint Width, Height, ScalePercent, KeyboardLayout, Flags;
        public byte* User;
        public byte* Domain;
        public byte* Password;
        public byte* ClientName;
        public byte* Program;
        public byte* TimeZone;
        public fixed byte CertificateSha256[32];
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Rect
    {
        public ushort X, Y, W, H;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Callbacks
    {
        public uint Size;
        public nint User;
        public delegate* unmanaged<nint, uint, uint, void> Sized;
        public delegate* unmanaged<nint, int, int, int, int, void> Painted;
        public delegate* unmanaged<nint, byte*, uint, uint, uint, uint> Tick;
        public delegate* unmanaged<nint, uint, uint, uint, uint, uint, Rect*, uint, byte*, uint, uint> H264;
        public delegate* unmanaged<nint, uint, void> H264End;
        public delegate* unmanaged<nint, void> FrameEnd;
        public delegate* unmanaged<nint, uint, uint, uint, uint, byte*, void> Pointer;
        public delegate* unmanaged<nint, uint, void> PointerState;
        public delegate* unmanaged<nint, uint, void> ClipboardFormats;
        public delegate* unmanaged<nint, uint, byte*, uint, void> ClipboardData;
        public delegate* unmanaged<nint, uint, void> ClipboardWanted;
        public delegate* unmanaged<nint, uint, void> Leds;
        public delegate* unmanaged<nint, byte*, uint, void> DeviceMessage;
        public delegate* unmanaged<nint, uint, uint, uint, void> SoundFormat;
        public delegate* unmanaged<nint, uint, uint, byte*, uint, void> Sound;
        public delegate* unmanaged<nint, uint, uint, uint, void> Microphone;
        public delegate* unmanaged<nint, uint, uint, void> Resizable;
    }

    internal sealed class SessionHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            Free(handle);
            return true;
        }
    }

    internal sealed class EncoderHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EncoderFree(handle);
            return true;
        }
    }

    [LibraryImport(Shim, EntryPoint = "mv_create")]
    internal static partial SessionHandle Create(Config* config, Callbacks* callbacks);

    [LibraryImport(Shim, EntryPoint = "mv_run")]
    internal static partial int Run(SessionHandle session);

    [LibraryImport(Shim, EntryPoint = "mv_stop")]
    internal static partial void Stop(SessionHandle session);

    [LibraryImport(Shim, EntryPoint = "mv_free")]
    private static partial void Free(nint session);

    [LibraryImport(Shim, EntryPoint = "mv_takes_text")]
    internal static partial int TakesText(SessionHandle session);

    [LibraryImport(Shim, EntryPoint = "mv_wake")]
    internal static partial void Wake(SessionHandle session);

    [LibraryImport(Shim, EntryPoint = "mv_key")]
    internal static partial void Key(SessionHandle session, uint scancode, uint extended, uint down);

    [LibraryImport(Shim, EntryPoint = "mv_pause_key")]
    internal static partial void PauseKey(SessionHandle session);

    [LibraryImport(Shim, EntryPoint = "mv_unicode")]
    internal static partial void Unicode(SessionHandle session, uint unit, uint down);

    [LibraryImport(Shim, EntryPoint = "mv_mouse")]
    internal static partial void Mouse(SessionHandle session, uint flags, uint x, uint y);

    [LibraryImport(Shim, EntryPoint = "mv_mouse_extended")]
    internal static partial void MouseExtended(SessionHandle session, uint flags, uint x, uint y);

    [LibraryImport(Shim, EntryPoint = "mv_locks")]
    internal static partial void Locks(SessionHandle session, uint leds);

    [LibraryImport(Shim, EntryPoint = "mv_resize")]
    internal static partial void Resize(SessionHandle session, Rect* monitors, uint count, uint scalePercent);

    [LibraryImport(Shim, EntryPoint = "mv_decoding_begin")]
    internal static partial int DecodingBegin(SessionHandle session);

    [LibraryImport(Shim, EntryPoint = "mv_decode")]
    internal static partial void Decode(SessionHandle session, uint surface, ReadOnlySpan<Rect> rects, uint count, ReadOnlySpan<byte> unit, uint length);

    [LibraryImport(Shim, EntryPoint = "mv_decoding_end")]
    internal static partial void DecodingEnd(SessionHandle session);

    [LibraryImport(Shim, EntryPoint = "mv_refresh")]
    internal static partial void Refresh(SessionHandle session);

    [LibraryImport(Shim, EntryPoint = "mv_pause")]
    internal static partial void Pause(SessionHandle session, uint paused);

    [LibraryImport(Shim, EntryPoint = "mv_clipboard_offer")]
    internal static partial void ClipboardOffer(SessionHandle session, uint formats);

    [LibraryImport(Shim, EntryPoint = "mv_clipboard_request")]
    internal static partial void ClipboardRequest(SessionHandle session, uint format);

    [LibraryImport(Shim, EntryPoint = "mv_clipboard_answer")]
    internal static partial void ClipboardAnswer(SessionHandle session, uint format, byte* data, uint length);

    [LibraryImport(Shim, EntryPoint = "mv_microphone_audio")]
    internal static partial void MicrophoneAudio(SessionHandle session, byte* data, uint length);

    [LibraryImport(Shim, EntryPoint = "mv_device_send")]
    internal static partial void DeviceSend(SessionHandle session, byte* data, uint length);

    [LibraryImport(Shim, EntryPoint = "mv_encoder_create")]
    internal static partial EncoderHandle EncoderCreate();

    [LibraryImport(Shim, EntryPoint = "mv_encoder_free")]
    private static partial void EncoderFree(nint encoder);

    [LibraryImport(Shim, EntryPoint = "mv_hash_rows")]
    internal static partial void HashRows(byte* pixels, uint stride, uint x, uint y, uint w, uint h, ulong* hashes);

    [LibraryImport(Shim, EntryPoint = "mv_classify")]
    internal static partial uint Classify(byte* pixels, uint stride, uint x, uint y, uint w, uint h, uint* colour);

    [LibraryImport(Shim, EntryPoint = "mv_gather_rgba")]
    internal static partial void GatherRgba(byte* pixels, uint stride, uint x, uint y, uint w, uint h, byte* rgba);

    [LibraryImport(Shim, EntryPoint = "mv_zstd")]
    internal static partial long Zstd(EncoderHandle encoder, byte* from, uint length, byte* to, uint room);

    [LibraryImport(Shim, EntryPoint = "mv_jpeg")]
    internal static partial long Jpeg(EncoderHandle encoder, byte* pixels, uint stride, uint x, uint y, uint w, uint h, int quality, byte* to, uint room);

    [LibraryImport(Shim, EntryPoint = "mv_jpeg_room")]
    internal static partial long JpegRoom(uint w, uint h);

    [LibraryImport(Shim, EntryPoint = "mv_png_size")]
    internal static partial int PngSize(byte* png, uint length, uint* w, uint* h);

    [LibraryImport(Shim, EntryPoint = "mv_png_read")]
    internal static partial int PngRead(byte* png, uint length, uint w, uint h, byte* bgr, uint stride);

    [LibraryImport(Shim, EntryPoint = "mv_png_write")]
    internal static partial long PngWrite(byte* rgb, uint w, uint h, byte* to, uint room);

    [LibraryImport(Shim, EntryPoint = "mv_lock_down")]
    internal static partial int LockDown();

    [LibraryImport(Shim, EntryPoint = "mv_try_forbidden")]
    internal static partial int TryForbidden(uint what);
}
