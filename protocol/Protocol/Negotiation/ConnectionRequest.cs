using System.Text;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Negotiation;

/// <summary>Client X.224 Connection Request PDU, MS-RDPBCGR 2.2.1.1, the first bytes of every RDP connection.</summary>
/// <param name="RoutingToken">The text after <c>Cookie: msts=</c>: our ticket. Null when the client sent none.</param>
/// <param name="UserName">The text after <c>Cookie: mstshash=</c>. Clients shorten it, so it is a hint and never an identity.</param>
/// <param name="Negotiation">Null when the client only knows Standard RDP Security.</param>
/// <param name="CorrelationInfo">RDP_NEG_CORRELATION_INFO, 2.2.1.1.2, whole and unread.</param>
public sealed record ConnectionRequest(
    string? RoutingToken, string? UserName, NegotiationRequest? Negotiation, ReadOnlyMemory<byte> CorrelationInfo)
{
    /// <summary>The X.224 length indicator is one byte and 255 is reserved; a longer frame can only be abuse.</summary>
    public const int LongestFrame = TpktFrame.HeaderLength + 1 + 254;

    private const string Pdu = "ConnectionRequest";
    private const byte TpduCode = 0xE0;
    private const int CorrelationInfoLength = 36;
    private static ReadOnlySpan<byte> RoutingTokenPrefix => "Cookie: msts="u8;
    private static ReadOnlySpan<byte> UserNamePrefix => "Cookie: mstshash="u8;
    private static ReadOnlySpan<byte> EndOfLine => "\r\n"u8;

    /// <summary>Reads one whole TPKT frame.</summary>
    public static ConnectionRequest Read(ReadOnlySpan<byte> frame)
    {
        var r = new WireReader(frame, Pdu);
        r.ReadBytes(TpktFrame.HeaderLength, "tpkt");
        var lengthIndicator = r.ReadByte("lengthIndicator");
        r.Expect((uint)r.Left, lengthIndicator, "lengthIndicator");
        r.Expect(TpduCode, r.ReadByte("code"), "code");
        r.ReadBytes(4, "references");
        r.Expect(0, r.ReadByte("class"), "class");

        string? token = null, user = null;
        // INVARIANT: at most one cookie line. RDP_NEG_REQ begins with 0x01, a line never does.
        if (r.Left > 0 && r.Rest[0] == (byte)'C') ReadCookie(ref r, out token, out user);

        if (r.Left == 0) return new(token, user, null, default);
        var negotiation = NegotiationRequest.Read(ref r);
        ReadOnlyMemory<byte> correlation = default;
        if ((negotiation.Flags & NegotiationRequest.CorrelationInfoPresent) != 0)
            correlation = r.ReadBytes(CorrelationInfoLength, "correlationInfo").ToArray();
        r.ExpectEnd("end");
        return new(token, user, negotiation, correlation);
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var tpktLength = TpktFrame.Begin(ref w);
        var lengthIndicator = w.Take(1);
        w.WriteByte(TpduCode);
        w.WriteUInt32(0);                                   // destination and source reference
        w.WriteByte(0);                                     // class
        if (RoutingToken is not null) WriteCookie(ref w, RoutingTokenPrefix, RoutingToken);
        else if (UserName is not null) WriteCookie(ref w, UserNamePrefix, UserName);
        Negotiation?.Write(ref w);
        w.WriteBytes(CorrelationInfo.Span);

        var length = w.Written - start;
        if (length > LongestFrame) WireFormatException.Throw(Pdu, "length", $"{length} bytes is over {LongestFrame}");
        lengthIndicator[0] = (byte)(length - TpktFrame.HeaderLength - 1);
        TpktFrame.End(tpktLength, length);
    }

    /// <summary>The ticket must not reach a log by way of this record's text.</summary>
    public override string ToString() =>
        $"ConnectionRequest {{ RoutingToken = {(RoutingToken is null ? "none" : "present")}, Negotiation = {Negotiation} }}";

    private static void ReadCookie(ref WireReader r, out string? token, out string? user)
    {
        token = user = null;
        var end = r.Rest.IndexOf(EndOfLine);
        if (end < 0) WireFormatException.Throw(Pdu, "cookie", "has no CR LF");
        var line = r.ReadBytes(end, "cookie");
        r.ReadBytes(EndOfLine.Length, "cookie");
        if (line.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E) && !line.StartsWith(UserNamePrefix))
            WireFormatException.Throw(Pdu, "cookie", "has bytes that are not printable");
        if (line.StartsWith(UserNamePrefix)) user = Encoding.Latin1.GetString(line[UserNamePrefix.Length..]);
        else if (line.StartsWith(RoutingTokenPrefix)) token = Encoding.ASCII.GetString(line[RoutingTokenPrefix.Length..]);
        else WireFormatException.Throw(Pdu, "cookie", "is neither msts nor mstshash");
    }

    private static void WriteCookie(ref WireWriter w, ReadOnlySpan<byte> prefix, string text)
    {
        w.WriteBytes(prefix);
        Encoding.Latin1.GetBytes(text, w.Take(text.Length));
        w.WriteBytes(EndOfLine);
    }
}
