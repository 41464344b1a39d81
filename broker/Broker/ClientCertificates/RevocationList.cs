using System.Buffers;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>A certificate revocation list, RFC 5280 5: who issued it, until when it counts, and which numbers are on it.</summary>
internal sealed class RevocationList
{
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0);

    // Our limit, with the byte of the sign; RFC 5280 4.1.2.2 has twenty.
    private const int LongestNumber = 21;
    private readonly ReadOnlyMemory<byte> _signed;
    private readonly byte[] _signature;
    private readonly string _algorithm;

    // Where the numbers stand in the list, in the order of their bytes: a list of millions costs four bytes a number.
    private readonly int[] _revoked;

    private RevocationList(ReadOnlyMemory<byte> signed, byte[] signature, string algorithm, ReadOnlyMemory<byte> issuer, DateTimeOffset from, DateTimeOffset until, int[] revoked) =>
        (_signed, _signature, _algorithm, Issuer, From, Until, _revoked) = (signed, signature, algorithm, issuer, from, until, revoked);

    /// <summary>The issuer's name, DER.</summary>
    public ReadOnlyMemory<byte> Issuer { get; }

    public DateTimeOffset From { get; }

    public DateTimeOffset Until { get; }

    /// <summary>Reads a file: DER, or PEM of one list. Throws <see cref="AsnContentException"/> for what is none.</summary>
    /// <param name="file">Kept, and not to be changed any more.</param>
    public static RevocationList ReadFile(byte[] file)
    {
        if (!file.AsSpan().StartsWith("-----BEGIN"u8)) return Read(file);
        if (!PemEncoding.TryFindUtf8(file, out var found)) throw new AsnContentException("its PEM is not whole");
        if (!file.AsSpan()[found.Label].SequenceEqual("X509 CRL"u8)) throw new AsnContentException("it holds something else than a list");
        var der = new byte[found.DecodedDataLength];
        return System.Buffers.Text.Base64.DecodeFromUtf8(file.AsSpan()[found.Base64Data], der, out _, out var written) is OperationStatus.Done && written == der.Length
            ? Read(der) : throw new AsnContentException("its PEM is not whole");
    }

    /// <summary>Reads one; throws <see cref="AsnContentException"/> for what is none, and for one that says something critical we do not understand.</summary>
    /// <param name="der">Kept, and not to be changed any more.</param>
    public static RevocationList Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var signed = list.PeekEncodedValue();
        var body = list.ReadSequence();
        var algorithm = list.ReadSequence().ReadObjectIdentifier();
        var signature = list.ReadBitString(out _);
        list.ThrowIfNotEmpty();

        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer)) body.ReadInteger();
        if (body.ReadSequence().ReadObjectIdentifier() != algorithm) throw new AsnContentException("it names two algorithms");
        var issuer = body.ReadEncodedValue();
        var from = Time(body);
        if (!body.HasData || body.PeekTag() is not { TagClass: TagClass.Universal, TagValue: (int)UniversalTagNumber.UtcTime or (int)UniversalTagNumber.GeneralizedTime })
            throw new AsnContentException("it does not say until when it counts");
        var until = Time(body);
        var revoked = body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence) ? Revoked(body.ReadSequence(), signed) : [];
        if (body.HasData) RefuseCritical(body.ReadSequence(Extensions).ReadSequence());
        return new(signed, signature, algorithm, issuer, from, until, revoked);
    }

    public bool Has(X509Certificate2 certificate)
    {
        var wanted = Shortest(certificate.SerialNumberBytes.Span);
        var (low, high) = (0, _revoked.Length - 1);
        while (low <= high)
        {
            var middle = low + ((high - low) >> 1);
            var order = Number(_revoked[middle], _signed.Span).SequenceCompareTo(wanted);
            if (order == 0) return true;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return false;
    }

    /// <summary>Whether this authority signed it.</summary>
    public bool IsBy(X509Certificate2 authority)
    {
        if (!Issuer.Span.SequenceEqual(authority.SubjectName.RawData)) return false;
        if (authority.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign)) return false;
        using var rsa = authority.GetRSAPublicKey();
        using var ec = authority.GetECDsaPublicKey();
        return _algorithm switch
        {
            "1.2.840.113549.1.1.11" => rsa?.VerifyData(_signed.Span, _signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) is true,
            "1.2.840.113549.1.1.12" => rsa?.VerifyData(_signed.Span, _signature, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1) is true,
            "1.2.840.113549.1.1.13" => rsa?.VerifyData(_signed.Span, _signature, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1) is true,
            "1.2.840.10045.4.3.2" => ec?.VerifyData(_signed.Span, _signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) is true,
            "1.2.840.10045.4.3.3" => ec?.VerifyData(_signed.Span, _signature, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence) is true,
            "1.2.840.10045.4.3.4" => ec?.VerifyData(_signed.Span, _signature, HashAlgorithmName.SHA512, DSASignatureFormat.Rfc3279DerSequence) is true,
            _ => false,
        };
    }

    private static int[] Revoked(AsnReader entries, ReadOnlyMemory<byte> signed)
    {
        List<int> revoked = [];
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            var number = entry.ReadIntegerBytes();
            if (number.Length > LongestNumber) throw new AsnContentException($"a serial number has more than {LongestNumber} bytes");
            signed.Span.Overlaps(number.Span, out var at);
            revoked.Add(at);
            Time(entry);
            if (entry.HasData) RefuseCritical(entry.ReadSequence());
        }
        var sorted = revoked.ToArray();
        Array.Sort(sorted, (a, b) => Number(a, signed.Span).SequenceCompareTo(Number(b, signed.Span)));
        return sorted;
    }

    // Short enough that DER says the length in the byte before.
    private static ReadOnlySpan<byte> Number(int at, ReadOnlySpan<byte> signed) => signed.Slice(at, signed[at - 1]);

    // As DER writes a number; certificates are read more generously.
    private static ReadOnlySpan<byte> Shortest(ReadOnlySpan<byte> number)
    {
        while (number.Length > 1 && (number[0] == 0 && number[1] < 0x80 || number[0] == 0xFF && number[1] >= 0x80)) number = number[1..];
        return number;
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
