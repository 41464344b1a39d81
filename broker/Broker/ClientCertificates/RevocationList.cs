using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>A certificate revocation list, RFC 5280 5: who issued it, until when it counts, and which numbers are on it.</summary>
internal sealed class RevocationList
{
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0);
    private readonly byte[] _signed;
    private readonly byte[] _signature;
    private readonly string _algorithm;
    private readonly HashSet<BigInteger> _revoked;

    private RevocationList(byte[] signed, byte[] signature, string algorithm, byte[] issuer, DateTimeOffset from, DateTimeOffset until, HashSet<BigInteger> revoked) =>
        (_signed, _signature, _algorithm, Issuer, From, Until, _revoked) = (signed, signature, algorithm, issuer, from, until, revoked);

    /// <summary>The issuer's name, DER.</summary>
    public byte[] Issuer { get; }

    public DateTimeOffset From { get; }

    public DateTimeOffset Until { get; }

    /// <summary>Reads one; throws <see cref="AsnContentException"/> for what is none, and for one that says something critical we do not understand.</summary>
    public static RevocationList Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var signed = list.PeekEncodedValue().ToArray();
        var body = list.ReadSequence();
        var algorithm = list.ReadSequence().ReadObjectIdentifier();
        var signature = list.ReadBitString(out _);
        list.ThrowIfNotEmpty();

        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer)) body.ReadInteger();
        if (body.ReadSequence().ReadObjectIdentifier() != algorithm) throw new AsnContentException("it names two algorithms");
        var issuer = body.ReadEncodedValue().ToArray();
        var from = Time(body);
        if (!body.HasData || body.PeekTag() is not { TagClass: TagClass.Universal, TagValue: (int)UniversalTagNumber.UtcTime or (int)UniversalTagNumber.GeneralizedTime })
            throw new AsnContentException("it does not say until when it counts");
        var until = Time(body);
        var revoked = body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence) ? Revoked(body.ReadSequence()) : [];
        if (body.HasData) RefuseCritical(body.ReadSequence(Extensions).ReadSequence());
        return new(signed, signature, algorithm, issuer, from, until, revoked);
    }

    public bool Has(X509Certificate2 certificate) => _revoked.Contains(new BigInteger(certificate.SerialNumberBytes.Span, isUnsigned: false, isBigEndian: true));

    /// <summary>Whether this authority signed it.</summary>
    public bool IsBy(X509Certificate2 authority)
    {
        if (!Issuer.AsSpan().SequenceEqual(authority.SubjectName.RawData)) return false;
        if (authority.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign)) return false;
        using var rsa = authority.GetRSAPublicKey();
        using var ec = authority.GetECDsaPublicKey();
        return _algorithm switch
        {
            "1.2.840.113549.1.1.11" => rsa?.VerifyData(_signed, _signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) is true,
            "1.2.840.113549.1.1.12" => rsa?.VerifyData(_signed, _signature, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1) is true,
            "1.2.840.113549.1.1.13" => rsa?.VerifyData(_signed, _signature, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1) is true,
            "1.2.840.10045.4.3.2" => ec?.VerifyData(_signed, _signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) is true,
            "1.2.840.10045.4.3.3" => ec?.VerifyData(_signed, _signature, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence) is true,
            "1.2.840.10045.4.3.4" => ec?.VerifyData(_signed, _signature, HashAlgorithmName.SHA512, DSASignatureFormat.Rfc3279DerSequence) is true,
            _ => false,
        };
    }

    private static HashSet<BigInteger> Revoked(AsnReader entries)
    {
        HashSet<BigInteger> revoked = [];
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            revoked.Add(entry.ReadInteger());
            Time(entry);
            if (entry.HasData) RefuseCritical(entry.ReadSequence());
        }
        return revoked;
    }

    // A critical one says that the list is not about all certificates of its issuer, or about others' too.
    private static void RefuseCritical(AsnReader extensions)
    {
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var name = extension.ReadObjectIdentifier();
            if (extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean()) throw new AsnContentException($"its critical extension {name} is not understood");
        }
    }

    private static DateTimeOffset Time(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
