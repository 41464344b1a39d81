using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tsgu;

/// <summary>HTTP_HANDSHAKE_REQUEST_PACKET, MS-TSGU 2.2.10.10.</summary>
public readonly record struct TsguHandshakeRequest(byte Major, byte Minor, ushort ClientVersion, ExtendedAuthentication Authentication)
{
    private const string Pdu = "TsguHandshakeRequest";

    public static TsguHandshakeRequest Read(ReadOnlySpan<byte> packet)
    {
        var r = TsguFrame.Open(packet, TsguPacketType.HandshakeRequest, Pdu);
        var read = new TsguHandshakeRequest(r.ReadByte("verMajor"), r.ReadByte("verMinor"), r.ReadUInt16("clientVersion"), (ExtendedAuthentication)r.ReadUInt16("extendedAuth"));
        r.ExpectEnd("end");
        return read;
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var length = TsguFrame.Begin(ref w, TsguPacketType.HandshakeRequest);
        w.WriteByte(Major);
        w.WriteByte(Minor);
        w.WriteUInt16(ClientVersion);
        w.WriteUInt16((ushort)Authentication);
        TsguFrame.End(length, w.Written - start);
    }
}

/// <summary>HTTP_HANDSHAKE_RESPONSE_PACKET, MS-TSGU 2.2.10.11.</summary>
public readonly record struct TsguHandshakeResponse(TsguError Error, byte Major, byte Minor, ushort ServerVersion, ExtendedAuthentication Authentication)
{
    private const string Pdu = "TsguHandshakeResponse";

    public static TsguHandshakeResponse Read(ReadOnlySpan<byte> packet)
    {
        var r = TsguFrame.Open(packet, TsguPacketType.HandshakeResponse, Pdu);
        var read = new TsguHandshakeResponse(
            (TsguError)r.ReadUInt32("errorCode"), r.ReadByte("verMajor"), r.ReadByte("verMinor"), r.ReadUInt16("serverVersion"), (ExtendedAuthentication)r.ReadUInt16("extendedAuth"));
        r.ExpectEnd("end");
        return read;
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var length = TsguFrame.Begin(ref w, TsguPacketType.HandshakeResponse);
        w.WriteUInt32((uint)Error);
        w.WriteByte(Major);
        w.WriteByte(Minor);
        w.WriteUInt16(ServerVersion);
        w.WriteUInt16((ushort)Authentication);
        TsguFrame.End(length, w.Written - start);
    }
}
