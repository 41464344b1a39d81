using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Negotiation;

/// <summary>RDP_PRECONNECTION_PDU, MS-RDPEPS 2.2.1: comes before the Connection Request from clients that are told so.</summary>
/// <param name="Text">The blob itself; null in version 1, which has only a number. Ours is a ticket, so it is a secret.</param>
public sealed record PreconnectionBlob(uint Id, string? Text)
{
    /// <summary>Our limit; the specification has none. A ticket has 43 characters.</summary>
    public const int Longest = 1024;

    /// <summary>Bytes from which the whole length can be told.</summary>
    public const int LengthPrefix = 4;

    private const string Pdu = "PreconnectionBlob";
    private const int Version1Length = 16;

    /// <summary>How long the whole is, by its first <see cref="LengthPrefix"/> bytes.</summary>
    public static int ReadLength(ReadOnlySpan<byte> prefix)
    {
        var length = new WireReader(prefix, Pdu).ReadUInt32("cbSize");
        if (length is < Version1Length or > Longest) WireFormatException.Throw(Pdu, "cbSize", $"{length} bytes, must be {Version1Length} to {Longest}");
        return (int)length;
    }

    /// <summary>Reads one whole PDU.</summary>
    public static PreconnectionBlob Read(ReadOnlySpan<byte> pdu)
    {
        var r = new WireReader(pdu, Pdu);
        r.Expect((uint)pdu.Length, r.ReadUInt32("cbSize"), "cbSize");
        r.Expect(0, r.ReadUInt32("flags"), "flags");
        var version = r.ReadUInt32("version");
        var id = r.ReadUInt32("id");
        string? text = null;
        if (version == 2)
        {
            var characters = r.ReadUInt16("cchPCB");
            text = Encoding.Unicode.GetString(r.ReadBytes(characters * 2, "wszPCB")).TrimEnd('\0');
        }
        else
        {
            r.Expect(1, version, "version");
        }
        r.ExpectEnd("end");
        return new(id, text);
    }

    /// <summary>The ticket must not reach a log by way of this record's text.</summary>
    public override string ToString() => $"PreconnectionBlob {{ Text = {(Text is null ? "none" : "present")} }}";
}
