using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Html5;

/// <summary>What a browser says first: its right to come in, and what it is. The ticket is a secret.</summary>
public sealed record Hello(
    bool IsResume, string Ticket, ushort Width, ushort Height, ushort ScalePercent, uint KeyboardLayout,
    BrowserCapabilities Capabilities, ushort CacheSlots, string Language, string TimeZone)
{
    /// <summary>The ticket is an administrator's, who was allowed to see somebody else's desktop.</summary>
    public bool IsAssistance { get; init; }

    /// <summary>Reads a whole Hello message, type byte included. Sizes are brought into what a machine accepts.</summary>
    public static Hello Read(ReadOnlySpan<byte> message)
    {
        var r = new WireReader(message, nameof(Hello));
        if (message.Length > Html5Limits.LongestHello) WireFormatException.Throw(nameof(Hello), "length", $"{message.Length} bytes is over {Html5Limits.LongestHello}");
        r.Expect((uint)BrowserMessage.Hello, r.ReadByte("type"), "type");
        r.Expect(Html5Limits.Version, r.ReadUInt16("version"), "version");
        var kind = r.ReadByte("kind");
        if (kind > 2) WireFormatException.Throw(nameof(Hello), "kind", $"is {kind}");
        var ticket = ReadAscii(ref r, "ticket", Html5Limits.LongestTicket);
        var hello = new Hello(
            kind == 1, ticket, Side(r.ReadUInt16("width")), Side(r.ReadUInt16("height")), Math.Clamp(r.ReadUInt16("scale"), (ushort)100, (ushort)500),
            r.ReadUInt32("layout"), (BrowserCapabilities)r.ReadUInt32("capabilities"), r.ReadUInt16("cacheSlots"),
            ReadAscii(ref r, "language", byte.MaxValue), ReadAscii(ref r, "timeZone", byte.MaxValue)) { IsAssistance = kind == 2 };
        r.ExpectEnd("end");
        if (hello.CacheSlots > Html5Limits.MostCacheSlots) WireFormatException.Throw(nameof(Hello), "cacheSlots", $"is {hello.CacheSlots}");
        if (!hello.Capabilities.HasFlag(BrowserCapabilities.Zstd)) WireFormatException.Throw(nameof(Hello), "capabilities", "zstd is not optional");
        return hello;
    }

    /// <summary>Writes it whole; the gateway writes it to a worker with an empty ticket.</summary>
    public void Write(ref WireWriter w)
    {
        w.WriteByte((byte)BrowserMessage.Hello);
        w.WriteUInt16(Html5Limits.Version);
        w.WriteByte(IsAssistance ? (byte)2 : IsResume ? (byte)1 : (byte)0);
        w.WriteText(Ticket);
        w.WriteUInt16(Width);
        w.WriteUInt16(Height);
        w.WriteUInt16(ScalePercent);
        w.WriteUInt32(KeyboardLayout);
        w.WriteUInt32((uint)Capabilities);
        w.WriteUInt16(CacheSlots);
        w.WriteText(Language);
        w.WriteText(TimeZone);
    }

    public override string ToString() => $"Hello {{ {Width}x{Height}, {Capabilities} }}";

    /// <summary>A side of a screen that machines accept: even, and within bounds.</summary>
    internal static ushort Side(ushort wanted) => (ushort)(Math.Clamp((int)wanted, Html5Limits.ShortestSide, Html5Limits.LongestSide) & ~1);

    private static string ReadAscii(ref WireReader r, string field, int most)
    {
        var length = r.ReadByte(field);
        if (length > most) WireFormatException.Throw(nameof(Hello), field, $"{length} bytes is over {most}");
        var bytes = r.ReadBytes(length, field);
        if (bytes.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E)) WireFormatException.Throw(nameof(Hello), field, "is not printable ASCII");
        return Encoding.ASCII.GetString(bytes);
    }
}
