using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Html5;

/// <summary>Sent once a picture can come, and again after every resumption; what was drawn before it is void.</summary>
/// <param name="ResumeToken">Brings the same browser back to this desktop, once.</param>
public sealed record Welcome(ushort Width, ushort Height, Allowed Allowed, ushort CacheSlots, string ResumeToken, string Title)
{
    public const int Longest = 1024;

    public static Welcome Read(ReadOnlySpan<byte> message)
    {
        var r = new WireReader(message, nameof(Welcome));
        r.Expect((uint)ServerMessage.Welcome, r.ReadByte("type"), "type");
        r.Expect(Html5Limits.Version, r.ReadUInt16("version"), "version");
        var (width, height, allowed) = (r.ReadUInt16("width"), r.ReadUInt16("height"), (Allowed)r.ReadUInt32("allowed"));
        _ = r.ReadByte("framesInFlight");
        return new(width, height, allowed, r.ReadUInt16("cacheSlots"), r.ReadText("resumeToken"), r.ReadText("title"));
    }

    public void Write(ref WireWriter w)
    {
        w.WriteByte((byte)ServerMessage.Welcome);
        w.WriteUInt16(Html5Limits.Version);
        w.WriteUInt16(Width);
        w.WriteUInt16(Height);
        w.WriteUInt32((uint)Allowed);
        w.WriteByte(Html5Limits.FramesInFlight);
        w.WriteUInt16(CacheSlots);
        w.WriteText(ResumeToken);
        w.WriteText(Title);
    }

    public override string ToString() => $"Welcome {{ {Width}x{Height}, {Allowed} }}";
}

/// <summary>The server's last message.</summary>
/// <param name="Reason">Number of a public reason code.</param>
/// <param name="MayResume">The session may be open still: a fresh ticket for it may bring the person back.</param>
public sealed record Ended(ushort Reason, bool MayResume, string Reference)
{
    public const int Longest = 300;

    public static Ended Read(ReadOnlySpan<byte> message)
    {
        var r = new WireReader(message, nameof(Ended));
        r.Expect((uint)ServerMessage.Ended, r.ReadByte("type"), "type");
        return new(r.ReadUInt16("reason"), r.ReadByte("mayResume") != 0, r.ReadText("reference"));
    }

    public void Write(ref WireWriter w)
    {
        w.WriteByte((byte)ServerMessage.Ended);
        w.WriteUInt16(Reason);
        w.WriteByte(MayResume ? (byte)1 : (byte)0);
        w.WriteText(Reference);
    }
}

/// <summary>Something the person should know while the session goes on.</summary>
public enum NoticeCode : byte
{
    Connecting = 1, SigningIn = 2, WaitingForPicture = 3, LookAsked = 10, ControlAsked = 11, Looking = 12, Controlling = 13, NobodyLooks = 14,
    PersonAway = 15, PersonBack = 16, Message = 20,
}

/// <summary>A notice: its code, and what it is about.</summary>
public readonly record struct Notice(NoticeCode Code, string Text)
{
    private const int LongestText = 1024;

    public static Notice Read(ReadOnlySpan<byte> message)
    {
        var r = new WireReader(message, nameof(Notice));
        r.Expect((uint)ServerMessage.Notice, r.ReadByte("type"), "type");
        return new((NoticeCode)r.ReadByte("code"), Encoding.UTF8.GetString(r.ReadBytes(r.ReadUInt16("text"), "text")));
    }

    /// <summary>The whole message.</summary>
    public byte[] ToMessage()
    {
        var text = Encoding.UTF8.GetBytes(Text);
        if (text.Length > LongestText) WireFormatException.Throw(nameof(Notice), "text", $"{text.Length} bytes is over {LongestText}");
        var w = new WireWriter(new byte[4 + text.Length], nameof(Notice));
        w.WriteByte((byte)ServerMessage.Notice);
        w.WriteByte((byte)Code);
        w.WriteUInt16((ushort)text.Length);
        w.WriteBytes(text);
        return w.WrittenSpan.ToArray();
    }
}

/// <summary>Texts with one length byte before them, as the browser protocol has them.</summary>
internal static class ShortTexts
{
    public static string ReadText(this ref WireReader r, string field) => Encoding.UTF8.GetString(r.ReadBytes(r.ReadByte(field), field));

    public static void WriteText(this ref WireWriter w, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > byte.MaxValue) WireFormatException.Throw("text", "length", $"{bytes.Length} bytes is over {byte.MaxValue}");
        w.WriteByte((byte)bytes.Length);
        w.WriteBytes(bytes);
    }
}
