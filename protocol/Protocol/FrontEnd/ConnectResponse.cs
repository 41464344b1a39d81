using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>MCS Connect Response with GCC Conference Create Response, MS-RDPBCGR 2.2.1.4, without Standard RDP Security.</summary>
internal static class ConnectResponse
{
    /// <summary>The channel everything but virtual channels goes through.</summary>
    public const ushort IoChannel = 1003;

    /// <summary>The client's own channel; above the at most 31 static ones after <see cref="IoChannel"/>.</summary>
    public const ushort UserChannel = 1100;

    private const uint Version = 0x00080004;

    /// <summary>Domain parameters: 34 channels, 3 users, PDUs up to 65528 bytes, protocol version 2.</summary>
    private static ReadOnlySpan<byte> DomainParameters =>
    [
        0x30, 0x1A, 0x02, 0x01, 0x22, 0x02, 0x01, 0x03, 0x02, 0x01, 0x00, 0x02, 0x01, 0x01, 0x02, 0x01, 0x00, 0x02, 0x01, 0x01,
        0x02, 0x03, 0x00, 0xFF, 0xF8, 0x02, 0x01, 0x02,
    ];

    private static ReadOnlySpan<byte> T124Key => [0x00, 0x05, 0x00, 0x14, 0x7C, 0x00, 0x01];

    /// <summary>ConferenceCreateResponse: node 31219, tag 1, success, one user data set with the server-to-client key.</summary>
    private static ReadOnlySpan<byte> ConferenceHeader => [0x14, 0x76, 0x0A, 0x01, 0x01, 0x00, 0x01, 0xC0, 0x00, (byte)'M', (byte)'c', (byte)'D', (byte)'n'];

    /// <param name="requested">What this client asked for in its Connection Request: it compares.</param>
    /// <param name="channels">As many static channels as the client named.</param>
    public static void Write(ref WireWriter w, SecurityProtocols requested, int channels)
    {
        var frame = ServerFrame.Begin(ref w);
        w.WriteByte(0x7F);
        w.WriteByte(0x66);                                  // APPLICATION 102
        var whole = BeginBer(ref w, out var wholeStart);
        w.WriteBytes([0x0A, 0x01, 0x00]);                   // result: rt-successful
        w.WriteBytes([0x02, 0x01, 0x00]);                   // calledConnectId
        w.WriteBytes(DomainParameters);
        w.WriteByte(0x04);                                  // userData
        var userData = BeginBer(ref w, out var userDataStart);
        w.WriteBytes(T124Key);
        var conference = w.Take(2);
        var conferenceStart = w.Written;
        w.WriteBytes(ConferenceHeader);
        var blocks = w.Take(2);
        var blocksStart = w.Written;
        WriteBlocks(ref w, requested, channels);

        BinaryPrimitives.WriteUInt16BigEndian(blocks, (ushort)(0x8000 | (w.Written - blocksStart)));
        BinaryPrimitives.WriteUInt16BigEndian(conference, (ushort)(0x8000 | (w.Written - conferenceStart)));
        BinaryPrimitives.WriteUInt16BigEndian(userData, (ushort)(w.Written - userDataStart));
        BinaryPrimitives.WriteUInt16BigEndian(whole, (ushort)(w.Written - wholeStart));
        frame.End(w);
    }

    private static void WriteBlocks(ref WireWriter w, SecurityProtocols requested, int channels)
    {
        w.WriteUInt16(0x0C01);                              // SC_CORE, 2.2.1.4.2
        w.WriteUInt16(16);
        w.WriteUInt32(Version);
        w.WriteUInt32((uint)requested);
        w.WriteUInt32(0);                                   // earlyCapabilityFlags
        w.WriteUInt16(0x0C03);                              // SC_NET, 2.2.1.4.4
        w.WriteUInt16((ushort)(8 + (2 * (channels + (channels % 2)))));
        w.WriteUInt16(IoChannel);
        w.WriteUInt16((ushort)channels);
        for (var i = 1; i <= channels; i++) w.WriteUInt16((ushort)(IoChannel + i));
        if (channels % 2 != 0) w.WriteUInt16(0);
        w.WriteUInt16(0x0C02);                              // SC_SECURITY, 2.2.1.4.3: TLS does it
        w.WriteUInt16(12);
        w.WriteUInt32(0);
        w.WriteUInt32(0);
    }

    private static Span<byte> BeginBer(ref WireWriter w, out int start)
    {
        w.WriteByte(0x82);
        var length = w.Take(2);
        start = w.Written;
        return length;
    }
}
