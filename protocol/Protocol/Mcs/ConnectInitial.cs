using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Mcs;

/// <summary>MCS Connect Initial with GCC Conference Create Request, MS-RDPBCGR 2.2.1.3; the parts of it a gateway needs.</summary>
/// <param name="ServerSelectedProtocol">Null when an old client ends its core data before the field.</param>
/// <param name="HighColorDepth">The depth the client prefers, 4 to 24; null as above.</param>
/// <param name="EarlyCapabilities">earlyCapabilityFlags; null as above.</param>
public readonly record struct ConnectInitial(
    ushort DesktopWidth, ushort DesktopHeight, uint KeyboardLayout, uint ClientBuild, string ClientName,
    ushort? HighColorDepth, ushort? EarlyCapabilities, SecurityProtocols? ServerSelectedProtocol)
{
    internal const string Pdu = "ConnectInitial";
    private const byte OctetString = 0x04;
    private const byte Boolean = 0x01;
    private const byte Sequence = 0x30;
    private const ushort CoreBlock = 0xC001;
    private const ushort NetworkBlock = 0xC003;
    private const int BlockHeaderLength = 4;
    private const ushort ErrorInfoSupported = 0x0001;

    /// <summary>The second byte of the BER tag APPLICATION 101; the first is 0x7F.</summary>
    private const byte ConnectInitialTag = 0x65;

    /// <summary>Names of the static virtual channels, in the client's order.</summary>
    public IReadOnlyList<string> Channels { get; init; } = [];

    /// <summary>True when the client shows the reason of a Set Error Info PDU.</summary>
    public bool SupportsErrorInfo => (EarlyCapabilities & ErrorInfoSupported) != 0;

    /// <summary>Object identifier {0 0 20 124 0 1} (T.124) with its PER key and length.</summary>
    private static ReadOnlySpan<byte> T124Key => [0x00, 0x05, 0x00, 0x14, 0x7C, 0x00, 0x01];

    /// <summary>ConferenceCreateRequest with the conference name "1" and the client-to-server key.</summary>
    private static ReadOnlySpan<byte> ConferenceHeader => [0x00, 0x08, 0x00, 0x10, 0x00, 0x01, 0xC0, 0x00];

    private static ReadOnlySpan<byte> ClientToServerKey => "Duca"u8;

    /// <summary>Reads one whole TPKT frame.</summary>
    public static ConnectInitial Read(ReadOnlySpan<byte> frame)
    {
        FindBlocks(frame, out var core, out var network);
        return ClientCoreData.Read(frame[core]) with { Channels = ClientNetworkData.Read(frame[network]) };
    }

    /// <summary>Changes what the machine gets to see, in a copy of the frame. No length changes.</summary>
    public static void Rewrite(Span<byte> frame, in ClientDataEdit edit)
    {
        FindBlocks(frame, out var core, out var network);
        ClientCoreData.Rewrite(frame[core], edit);
        if (edit.BlockedChannels.Count > 0) ClientNetworkData.Block(frame[network], edit.BlockedChannels);
    }

    private static void FindBlocks(ReadOnlySpan<byte> frame, out Range core, out Range network)
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
        Range? foundCore = null, foundNetwork = null;
        while (r.Left > 0)
        {
            var type = r.ReadUInt16("blockType");
            var length = r.ReadUInt16("blockLength");
            if (length < BlockHeaderLength) WireFormatException.Throw(Pdu, "blockLength", $"{length} bytes is under its own header");
            var start = frame.Length - r.Left;
            r.ReadBytes(length - BlockHeaderLength, "block");
            if (type == CoreBlock) Found(ref foundCore, start, frame.Length - r.Left, "clientCoreData");
            else if (type == NetworkBlock) Found(ref foundNetwork, start, frame.Length - r.Left, "clientNetworkData");
        }
        if (foundCore is null) WireFormatException.Throw(Pdu, "clientCoreData", "is missing");
        core = foundCore.Value;
        network = foundNetwork ?? 0..0;
    }

    private static void Found(ref Range? block, int start, int end, string field)
    {
        if (block is not null) WireFormatException.Throw(Pdu, field, "is there twice");
        block = start..end;
    }

    private static void ExpectBytes(ref WireReader r, ReadOnlySpan<byte> wanted, string field)
    {
        if (!r.ReadBytes(wanted.Length, field).SequenceEqual(wanted)) WireFormatException.Throw(Pdu, field, "is not what T.124 says");
    }
}
