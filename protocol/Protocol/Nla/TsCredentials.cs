using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Protocol.SignIns;

namespace Montalegre.Vdi.Protocol.Nla;

/// <summary>TSCredentials with TSPasswordCreds, MS-CSSP 2.2.1.2 and 2.2.1.2.1, in DER. The caller clears what it gets.</summary>
public static class TsCredentials
{
    private const int Password = 1;

    public static byte[] Write(SignIn signIn)
    {
        var secret = Encoding.Unicode.GetBytes(Encoding.UTF8.GetChars(signIn.Utf8Secret.ToArray()));
        var inner = new AsnWriter(AsnEncodingRules.DER);
        using (inner.PushSequence())
        {
            WriteOctets(inner, 0, Encoding.Unicode.GetBytes(signIn.Domain));
            WriteOctets(inner, 1, Encoding.Unicode.GetBytes(signIn.UserName));
            WriteOctets(inner, 2, secret);
        }
        CryptographicOperations.ZeroMemory(secret);
        var outer = new AsnWriter(AsnEncodingRules.DER);
        using (outer.PushSequence())
        {
            using (outer.PushSequence(Context(0))) outer.WriteInteger(Password);
            WriteOctets(outer, 1, inner.Encode());
        }
        inner.Reset();
        var encoded = outer.Encode();
        outer.Reset();
        return encoded;
    }

    private static Asn1Tag Context(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);

    private static void WriteOctets(AsnWriter w, int number, ReadOnlySpan<byte> octets)
    {
        using (w.PushSequence(Context(number))) w.WriteOctetString(octets);
    }
}
