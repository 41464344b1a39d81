using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Html5;

/// <summary>What a browser says after its Hello, as values; everything it can send is read here and nowhere else.</summary>
public abstract record BrowserInput
{
    private BrowserInput() { }

    public sealed record Ack(uint Frame) : BrowserInput;

    /// <param name="Scancode">Scancode set 1, without its prefix.</param>
    public sealed record Key(byte Scancode, KeyPrefix Prefix, bool Down) : BrowserInput;

    public sealed record Text(string Characters) : BrowserInput;

    /// <param name="Buttons">The buttons that are down now.</param>
    public sealed record Mouse(ushort X, ushort Y, MouseButtons Buttons) : BrowserInput;

    /// <param name="Down">120 is one notch downwards.</param>
    public sealed record Wheel(ushort X, ushort Y, short Down, short Right) : BrowserInput;

    /// <summary>The size that the person's window has, which is the first monitor, at 0,0.</summary>
    public sealed record Resize(ushort Width, ushort Height, ushort ScalePercent) : BrowserInput
    {
        /// <summary>Further monitors, where the person has more windows than one. None lies on another.</summary>
        public IReadOnlyList<ScreenRect> Further { get; init; } = [];
    }

    public sealed record ClipboardRequest(ClipboardFormat Format) : BrowserInput;

    public sealed record ClipboardData(ClipboardFormat Format, byte[] Data) : BrowserInput;

    public sealed record Ping(uint Value) : BrowserInput;

    public sealed record Focus(bool HasFocus, byte Locks) : BrowserInput;

    public sealed record Visible(bool IsVisible) : BrowserInput;

    /// <summary>An upload. Numbers of the browser have the top bit set.</summary>
    public sealed record FileOffer(uint File, ulong Size, string Name) : BrowserInput;

    public sealed record FileChunk(uint File, byte[] Data) : BrowserInput;

    /// <summary>All of the upload was sent.</summary>
    public sealed record FileDone(uint File) : BrowserInput;

    /// <summary>The download may start.</summary>
    public sealed record FileAccepted(uint File) : BrowserInput;

    /// <param name="Bytes">Taken of the download so far.</param>
    public sealed record FileProgress(uint File, ulong Bytes) : BrowserInput;

    /// <summary>Ends a transfer of either direction.</summary>
    public sealed record FileCancel(uint File) : BrowserInput;

    /// <param name="Samples">16 bit, interleaved, in the format that was asked for.</param>
    public sealed record MicrophoneAudio(byte[] Samples) : BrowserInput;

    /// <summary>A well-formed message about something this desktop's policy does not allow, or the worker does not carry.</summary>
    public sealed record Other(BrowserMessage Type) : BrowserInput;

    /// <summary>Reads one message; Hello and Bye are the gateway's and not among them.</summary>
    public static BrowserInput Read(ReadOnlySpan<byte> message)
    {
        var r = new WireReader(message, nameof(BrowserInput));
        if (message.Length > Html5Limits.LongestFromBrowser) WireFormatException.Throw(nameof(BrowserInput), "length", $"{message.Length} bytes");
        var type = (BrowserMessage)r.ReadByte("type");
        BrowserInput input = type switch
        {
            BrowserMessage.Ack => new Ack(r.ReadUInt32("frame")),
            BrowserMessage.Key => ReadKey(ref r),
            BrowserMessage.Text => new Text(ReadCharacters(ref r)),
            BrowserMessage.Mouse => new Mouse(r.ReadUInt16("x"), r.ReadUInt16("y"), (MouseButtons)(r.ReadByte("buttons") & 31)),
            BrowserMessage.Wheel => new Wheel(r.ReadUInt16("x"), r.ReadUInt16("y"), (short)r.ReadUInt16("down"), (short)r.ReadUInt16("right")),
            BrowserMessage.Resize => ReadResize(ref r),
            BrowserMessage.ClipboardRequest => new ClipboardRequest(ReadFormat(ref r)),
            BrowserMessage.ClipboardData => ReadClipboard(ref r),
            BrowserMessage.Ping => new Ping(r.ReadUInt32("value")),
            BrowserMessage.Focus => new Focus(r.ReadByte("state") != 0, (byte)(r.ReadByte("locks") & 7)),
            BrowserMessage.Visible => new Visible(r.ReadByte("state") != 0),
            BrowserMessage.FileOffer => ReadOffer(ref r),
            BrowserMessage.FileChunk => new FileChunk(r.ReadUInt32("file"), ReadRest(ref r, Html5Limits.LongestChunk, "chunk")),
            BrowserMessage.FileDone => new FileDone(r.ReadUInt32("file")),
            BrowserMessage.FileAccepted => new FileAccepted(r.ReadUInt32("file")),
            BrowserMessage.FileProgress => new FileProgress(r.ReadUInt32("file"), ReadUInt64(ref r, "bytes")),
            BrowserMessage.FileCancel => new FileCancel(r.ReadUInt32("file")),
            BrowserMessage.MicrophoneAudio => new MicrophoneAudio(ReadRest(ref r, Html5Limits.LongestMicrophone, "samples")),
            BrowserMessage.Consent => Skip(ref r, type),
            _ => throw new WireFormatException($"{nameof(BrowserInput)}.type: 0x{(byte)type:X2} is not known"),
        };
        r.ExpectEnd("end");
        return input;
    }

    private static Key ReadKey(ref WireReader r)
    {
        var flags = r.ReadByte("flags");
        var prefix = (KeyPrefix)((flags >> 1) & 3);
        if (!Enum.IsDefined(prefix)) WireFormatException.Throw(nameof(Key), "flags", "a key has one prefix");
        return new(r.ReadByte("scancode"), prefix, (flags & 1) == 0);
    }

    private static Resize ReadResize(ref WireReader r)
    {
        var first = new Resize(Hello.Side(r.ReadUInt16("width")), Hello.Side(r.ReadUInt16("height")), Math.Clamp(r.ReadUInt16("scale"), (ushort)100, (ushort)500));
        if (r.Left == 0) return first;
        var all = new List<ScreenRect>(Html5Limits.MostMonitors) { new(0, 0, first.Width, first.Height) };
        var (right, bottom) = ((int)first.Width, (int)first.Height);
        while (r.Left > 0)
        {
            if (all.Count == Html5Limits.MostMonitors) WireFormatException.Throw(nameof(Resize), "monitors", $"are over {Html5Limits.MostMonitors}");
            var next = new ScreenRect(r.ReadUInt16("x"), r.ReadUInt16("y"), Hello.Side(r.ReadUInt16("width")), Hello.Side(r.ReadUInt16("height")));
            if (all.Exists(other => Overlap(other, next))) WireFormatException.Throw(nameof(Resize), "monitors", $"number {all.Count + 1} lies on another");
            (right, bottom) = (Math.Max(right, next.X + next.W), Math.Max(bottom, next.Y + next.H));
            all.Add(next);
        }
        if (right > Html5Limits.LongestSide || bottom > Html5Limits.LongestSide || (long)right * bottom > Html5Limits.MostPixels)
            WireFormatException.Throw(nameof(Resize), "monitors", $"together are {right} x {bottom}");
        return first with { Further = all[1..] };
    }

    private static bool Overlap(ScreenRect a, ScreenRect b) => a.X < b.X + b.W && b.X < a.X + a.W && a.Y < b.Y + b.H && b.Y < a.Y + a.H;

    private static string ReadCharacters(ref WireReader r)
    {
        if (r.Left > Html5Limits.LongestText) WireFormatException.Throw(nameof(Text), "length", $"{r.Left} bytes is over {Html5Limits.LongestText}");
        return Encoding.UTF8.GetString(r.ReadBytes(r.Left, "text"));
    }

    private static ClipboardFormat ReadFormat(ref WireReader r)
    {
        var format = (ClipboardFormat)r.ReadByte("format");
        if (format is not (ClipboardFormat.Text or ClipboardFormat.Png)) WireFormatException.Throw("Clipboard", "format", $"is {(byte)format}");
        return format;
    }

    private static ClipboardData ReadClipboard(ref WireReader r)
    {
        var format = ReadFormat(ref r);
        var most = format == ClipboardFormat.Text ? Html5Limits.LongestClipboardText : Html5Limits.LongestClipboardPicture;
        if (r.Left > most) WireFormatException.Throw("ClipboardData", "length", $"{r.Left} bytes is over {most}");
        return new(format, r.ReadBytes(r.Left, "data").ToArray());
    }

    private static FileOffer ReadOffer(ref WireReader r)
    {
        var (file, size, length) = (r.ReadUInt32("file"), ReadUInt64(ref r, "size"), r.ReadUInt16("name"));
        if ((file & Html5Limits.UploadBit) == 0) WireFormatException.Throw(nameof(FileOffer), "file", $"0x{file:X} has not the browser's bit");
        if (length > Html5Limits.LongestFileName) WireFormatException.Throw(nameof(FileOffer), "name", $"{length} bytes is over {Html5Limits.LongestFileName}");
        return new(file, size, Encoding.UTF8.GetString(r.ReadBytes(length, "name")));
    }

    private static byte[] ReadRest(ref WireReader r, int most, string field)
    {
        if (r.Left > most) WireFormatException.Throw(nameof(BrowserInput), field, $"{r.Left} bytes is over {most}");
        return r.ReadBytes(r.Left, field).ToArray();
    }

    private static ulong ReadUInt64(ref WireReader r, string field) => r.ReadUInt32(field) | ((ulong)r.ReadUInt32(field) << 32);

    private static Other Skip(ref WireReader r, BrowserMessage type)
    {
        _ = r.ReadBytes(r.Left, "rest");
        return new(type);
    }
}

/// <summary>What a keyboard sends before a scancode; E1 is Pause alone.</summary>
public enum KeyPrefix : byte { None = 0, E0 = 1, E1 = 2 }

/// <summary>Mouse buttons of the browser protocol.</summary>
[Flags]
public enum MouseButtons : byte { None = 0, Left = 1, Right = 2, Middle = 4, Back = 8, Forward = 16 }

/// <summary>What a clipboard holds; also the bits of an offer.</summary>
public enum ClipboardFormat : byte { Text = 1, Png = 2 }
