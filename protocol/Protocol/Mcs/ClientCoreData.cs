using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Mcs;

/// <summary>Client Core Data (TS_UD_CS_CORE), MS-RDPBCGR 2.2.1.3.2, without its block header.</summary>
internal static class ClientCoreData
{
    private const int ClientNameLength = 32;
    private const int ImeFileNameLength = 64;

    // Offsets of optional fields; the ones before a present field are present.
    private const int HighColorDepth = 136;
    private const int SupportedColorDepths = 138;
    private const int EarlyCapabilities = 140;
    private const int SelectedProtocol = 208;

    private const ushort TrueColor = 24;
    private const ushort EveryDepth = 0x000F;
    private const ushort Want32BitsPerPixel = 0x0002;

    public static ConnectInitial Read(ReadOnlySpan<byte> body)
    {
        var r = new WireReader(body, ConnectInitial.Pdu);
        r.ReadUInt32("version");
        var width = r.ReadUInt16("desktopWidth");
        var height = r.ReadUInt16("desktopHeight");
        r.ReadUInt16("colorDepth");
        r.ReadUInt16("sasSequence");
        var keyboard = r.ReadUInt32("keyboardLayout");
        var build = r.ReadUInt32("clientBuild");
        var name = ReadName(r.ReadBytes(ClientNameLength, "clientName"));
        r.ReadBytes(12, "keyboardType");                    // type, sub-type, function keys
        r.ReadBytes(ImeFileNameLength, "imeFileName");
        return new(width, height, keyboard, build, name, Optional(body, HighColorDepth), Optional(body, EarlyCapabilities),
            body.Length >= SelectedProtocol + 4 ? (SecurityProtocols)BinaryPrimitives.ReadUInt32LittleEndian(body[SelectedProtocol..]) : null);
    }

    /// <summary>
    /// Every client gets the same colour depth: xrdp looks for a person's session by name and depth, and would make
    /// a second one for the same person at a device that prefers another. Core data without a field stays as it is.
    /// </summary>
    public static void Rewrite(Span<byte> body, in ClientDataEdit edit)
    {
        if (body.Length >= EarlyCapabilities + 2)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(body[HighColorDepth..], TrueColor);
            Set(body[SupportedColorDepths..], EveryDepth);
            Set(body[EarlyCapabilities..], Want32BitsPerPixel);
        }
        if (body.Length >= SelectedProtocol + 4) BinaryPrimitives.WriteUInt32LittleEndian(body[SelectedProtocol..], (uint)edit.Selected);
    }

    private static ushort? Optional(ReadOnlySpan<byte> body, int offset) =>
        body.Length >= offset + 2 ? BinaryPrimitives.ReadUInt16LittleEndian(body[offset..]) : null;

    private static void Set(Span<byte> field, ushort flags) =>
        BinaryPrimitives.WriteUInt16LittleEndian(field, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(field) | flags));

    /// <summary>Up to its NUL, and only what can be shown: the name goes to a console and a log.</summary>
    private static string ReadName(ReadOnlySpan<byte> utf16)
    {
        Span<char> name = stackalloc char[ClientNameLength / 2];
        var length = 0;
        foreach (var c in MemoryMarshal.Cast<byte, char>(utf16))
        {
            if (c == 0) break;
            name[length++] = char.IsLetterOrDigit(c) || c is '-' or '.' or '_' or ' ' ? c : '?';
        }
        return name[..length].ToString();
    }
}
