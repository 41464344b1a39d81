using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Mcs;

/// <summary>MCS Connect Initial with GCC Conference Create Request, MS-RDPBCGR 2.2.1.3; the parts of Client Core Data (2.2.1.3.2) a gateway needs.</summary>
/// <param name="ServerSelectedProtocol">Null when an old client ends its core data before the field.</param>
public readonly record struct ConnectInitial(
    ushort DesktopWidth, ushort DesktopHeight, uint KeyboardLayout, uint ClientBuild, string ClientName, SecurityProtocols? ServerSelectedProtocol)
{
    private const string Pdu = "ConnectInitial";
    private const byte OctetString = 0x04;
    private const byte Boolean = 0x01;
    private const byte Sequence = 0x30;
    private const ushort CoreBlock = 0xC001;
    private const int BlockHeaderLength = 4;
    private const int ClientNameLength = 32;
    private const int ImeFileNameLength = 64;
    private const int ProductIdLength = 64;

    /// <summary>The second byte of the BER tag APPLICATION 101; the first is 0x7F.</summary>
    private const byte ConnectInitialTag = 0x65;

    /// <summary>Object identifier {0 0 20 124 0 1} (T.124) with its PER key and length.</summary>
    private static ReadOnlySpan<byte> T124Key => [0x00, 0x05, 0x00, 0x14, 0x7C, 0x00, 0x01];

    /// <summary>ConferenceCreateRequest with the conference name "1" and the client-to-server key.</summary>
    private static ReadOnlySpan<byte> ConferenceHeader => [0x00, 0x08, 0x00, 0x10, 0x00, 0x01, 0xC0, 0x00];

    private static ReadOnlySpan<byte> ClientToServerKey => "Duca"u8;

    /// <summary>Reads one whole TPKT frame.</summary>
    public static ConnectInitial Read(ReadOnlySpan<byte> frame) => Read(frame, out _);

    /// <summary>Writes what the machine selected into a copy of the frame; no length changes. Old core data without the field stays as it is.</summary>
    public static void RewriteSelectedProtocol(Span<byte> frame, SecurityProtocols selected)
    {
        Read(frame, out var offset);
        if (offset > 0) BinaryPrimitives.WriteUInt32LittleEndian(frame[offset..], (uint)selected);
    }

    private static ConnectInitial Read(ReadOnlySpan<byte> frame, out int selectedProtocolOffset)
    {
        var r = new WireReader(frame, Pdu);
        X224Data.Read(ref r);
        r.Expect(0x7F, r.ReadByte("tag"), "tag");
        r.Expect(ConnectInitialTag, r.ReadByte("tag"), "tag");
        r.Expect((uint)BerLength.Read(ref r, "length"), (uint)r.Left, "length");
        r.ReadBytes(BerLength.ReadTagged(ref r, OctetString, "callingDomainSelector"), "callingDomainSelector");
        r.ReadBytes(BerLength.ReadTagged(ref r, OctetString, "calledDomainSelector"), "calledDomainSelector");
        r.ReadBytes(BerLength.ReadTagged(ref r, Boolean, "upwardFlag"), "upwardFlag");
        r.ReadBytes(BerLength.ReadTagged(ref r, Sequence, "targetParameters"), "targetParameters");
        r.ReadBytes(BerLength.ReadTagged(ref r, Sequence, "minimumParameters"), "minimumParameters");
        r.ReadBytes(BerLength.ReadTagged(ref r, Sequence, "maximumParameters"), "maximumParameters");
        r.Expect((uint)BerLength.ReadTagged(ref r, OctetString, "userData"), (uint)r.Left, "userData");

        ExpectBytes(ref r, T124Key, "t124Key");
        PerLength.Read(ref r, Pdu, "connectPduLength");
        ExpectBytes(ref r, ConferenceHeader, "conferenceHeader");
        ExpectBytes(ref r, ClientToServerKey, "clientToServerKey");
        r.Expect((uint)PerLength.Read(ref r, Pdu, "clientDataLength"), (uint)r.Left, "clientDataLength");

        // The specification puts core data first; every block is walked so that a later copy cannot hide behind it.
        ConnectInitial? core = null;
        selectedProtocolOffset = 0;
        while (r.Left > 0)
        {
            var type = r.ReadUInt16("blockType");
            var length = r.ReadUInt16("blockLength");
            if (length < BlockHeaderLength) WireFormatException.Throw(Pdu, "blockLength", $"{length} bytes is under its own header");
            var start = frame.Length - r.Left;
            var body = r.ReadBytes(length - BlockHeaderLength, "block");
            if (type != CoreBlock) continue;
            if (core is not null) WireFormatException.Throw(Pdu, "clientCoreData", "is there twice");
            core = ReadCore(body, out var within);
            selectedProtocolOffset = within > 0 ? start + within : 0;
        }
        if (core is null) WireFormatException.Throw(Pdu, "clientCoreData", "is missing");
        return core.Value;
    }

    private static ConnectInitial ReadCore(ReadOnlySpan<byte> body, out int selectedProtocolOffset)
    {
        var r = new WireReader(body, Pdu);
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
        selectedProtocolOffset = 0;

        // From here on each field is optional, and the ones before a present field are present.
        const int beforeSelectedProtocol = 2 + 2 + 4 + 2 + 2 + 2 + ProductIdLength + 1 + 1;
        if (r.Left < beforeSelectedProtocol + 4) return new(width, height, keyboard, build, name, null);
        r.ReadBytes(beforeSelectedProtocol, "optional fields");
        selectedProtocolOffset = body.Length - r.Left;
        return new(width, height, keyboard, build, name, (SecurityProtocols)r.ReadUInt32("serverSelectedProtocol"));
    }

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

    private static void ExpectBytes(ref WireReader r, ReadOnlySpan<byte> wanted, string field)
    {
        if (!r.ReadBytes(wanted.Length, field).SequenceEqual(wanted)) WireFormatException.Throw(Pdu, field, "is not what T.124 says");
    }
}
