using System.Formats.Asn1;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Nla;

/// <summary>TSRequest, MS-CSSP 2.2.1, in DER: one message of network level authentication. Absent fields are null.</summary>
public sealed record TsRequest
{
    /// <summary>Our limit: NTLM tokens and a sealed password are below 4 KB.</summary>
    public const int LongestMessage = 16 * 1024;

    private const string Pdu = "TSRequest";
    private const byte SequenceTag = 0x30;
    private static readonly Asn1Tag Version_ = Context(0);
    private static readonly Asn1Tag NegoTokens_ = Context(1);
    private static readonly Asn1Tag AuthInfo_ = Context(2);
    private static readonly Asn1Tag PubKeyAuth_ = Context(3);
    private static readonly Asn1Tag ErrorCode_ = Context(4);
    private static readonly Asn1Tag ClientNonce_ = Context(5);

    public int Version { get; init; }

    /// <summary>The first negoToken; nobody sends two.</summary>
    public byte[]? NegoToken { get; init; }

    public byte[]? AuthInfo { get; init; }

    public byte[]? PubKeyAuth { get; init; }

    /// <summary>An NTSTATUS, from version 3 on.</summary>
    public int? ErrorCode { get; init; }

    /// <summary>32 bytes, from version 5 on.</summary>
    public byte[]? ClientNonce { get; init; }

    /// <summary>Says whether <paramref name="received"/> begins with a whole message, and how long it is.</summary>
    public static bool TryFrame(ReadOnlySpan<byte> received, out int length)
    {
        length = 0;
        if (received.Length < 2) return false;
        if (received[0] != SequenceTag) WireFormatException.Throw(Pdu, "tag", $"0x{received[0]:X2} is not a sequence");
        var lengthBytes = received[1] < 0x80 ? 0 : received[1] & 0x7F;
        if (lengthBytes is > 2 || received[1] == 0x80) WireFormatException.Throw(Pdu, "length", $"form 0x{received[1]:X2}");
        if (received.Length < 2 + lengthBytes) return false;
        var content = lengthBytes switch { 0 => received[1], 1 => received[2], _ => (received[2] << 8) | received[3] };
        if (content + 2 + lengthBytes > LongestMessage) WireFormatException.Throw(Pdu, "length", $"{content} bytes is over {LongestMessage}");
        if (received.Length < content + 2 + lengthBytes) return false;
        length = content + 2 + lengthBytes;
        return true;
    }

    /// <summary>Reads one whole message.</summary>
    public static TsRequest Read(ReadOnlyMemory<byte> message)
    {
        try
        {
            var outer = new AsnReader(message, AsnEncodingRules.DER);
            var r = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            var version = r.ReadSequence(Version_);
            if (!version.TryReadInt32(out var number)) WireFormatException.Throw(Pdu, "version", "is too large");
            version.ThrowIfNotEmpty();
            var request = new TsRequest
            {
                Version = number,
                NegoToken = At(r, NegoTokens_) ? ReadNegoToken(r) : null,
                AuthInfo = At(r, AuthInfo_) ? ReadOctets(r, AuthInfo_) : null,
                PubKeyAuth = At(r, PubKeyAuth_) ? ReadOctets(r, PubKeyAuth_) : null,
                ErrorCode = At(r, ErrorCode_) ? ReadErrorCode(r) : null,
                ClientNonce = At(r, ClientNonce_) ? ReadOctets(r, ClientNonce_) : null,
            };
            r.ThrowIfNotEmpty();
            return request;
        }
        catch (AsnContentException e)
        {
            throw new WireFormatException($"{Pdu}: {e.Message}", e);
        }
    }

    public byte[] Write()
    {
        var w = new AsnWriter(AsnEncodingRules.DER);
        using (w.PushSequence())
        {
            using (w.PushSequence(Version_)) w.WriteInteger(Version);
            if (NegoToken is not null)
            {
                using (w.PushSequence(NegoTokens_))
                using (w.PushSequence())
                using (w.PushSequence())
                using (w.PushSequence(Context(0))) w.WriteOctetString(NegoToken);
            }
            WriteOctets(w, AuthInfo_, AuthInfo);
            WriteOctets(w, PubKeyAuth_, PubKeyAuth);
            if (ErrorCode is { } code)
            {
                using (w.PushSequence(ErrorCode_)) w.WriteInteger((uint)code);
            }
            WriteOctets(w, ClientNonce_, ClientNonce);
        }
        return w.Encode();
    }

    /// <summary>What it carries may be a sealed password; only its shape may reach a log.</summary>
    public override string ToString() => $"TSRequest {{ Version = {Version}, ErrorCode = {ErrorCode} }}";

    private static Asn1Tag Context(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);

    private static bool At(AsnReader r, Asn1Tag tag) => r.HasData && r.PeekTag() == tag;

    private static byte[] ReadNegoToken(AsnReader r)
    {
        var tokens = r.ReadSequence(NegoTokens_).ReadSequence();
        return ReadOctets(tokens.ReadSequence(), Context(0));
    }

    private static byte[] ReadOctets(AsnReader r, Asn1Tag tag)
    {
        var wrapped = r.ReadSequence(tag);
        var octets = wrapped.ReadOctetString();
        wrapped.ThrowIfNotEmpty();
        return octets;
    }

    /// <summary>An NTSTATUS has its top bit set when it is an error; some write it as negative, some as nine digits.</summary>
    private static int ReadErrorCode(AsnReader r)
    {
        var wrapped = r.ReadSequence(ErrorCode_);
        if (!wrapped.TryReadInt64(out var code)) WireFormatException.Throw(Pdu, "errorCode", "is too large");
        return unchecked((int)code);
    }

    private static void WriteOctets(AsnWriter w, Asn1Tag tag, byte[]? octets)
    {
        if (octets is null) return;
        using (w.PushSequence(tag)) w.WriteOctetString(octets);
    }
}
