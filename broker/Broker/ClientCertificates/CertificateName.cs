using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>Reads whose a certificate says it is.</summary>
internal static class CertificateName
{
    /// <summary>Our limit; the standard's limits for names are shorter.</summary>
    public const int Longest = 256;

    private const string SerialNumber = "2.5.4.5";
    private const string CommonName = "2.5.4.3";
    private const string AlternativeNames = "2.5.29.17";
    private const string PrincipalName = "1.3.6.1.4.1.311.20.2.3";

    private static readonly Asn1Tag OtherName = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag EmailAddress = new(TagClass.ContextSpecific, 1);

    /// <summary>Null when the certificate has no such name, has several, or the authority's pattern takes none of it.</summary>
    public static string? Of(X509Certificate2 certificate, SignInAuthority authority)
    {
        List<string> names;
        try
        {
            names = authority.NamesBy switch
            {
                NamesBy.SubjectSerialNumber => InSubject(certificate, SerialNumber),
                NamesBy.CommonName => InSubject(certificate, CommonName),
                NamesBy.Upn => Alternative(certificate, OtherName),
                NamesBy.Email => Alternative(certificate, EmailAddress),
                _ => throw new InvalidOperationException($"{authority.NamesBy} is no kind of name"),
            };
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException or InvalidOperationException) { return null; }
        // Of two names one would be chosen by whoever had the certificate made.
        if (names.Distinct().ToList() is not [{ Length: > 0 and <= Longest } name] || name.Any(char.IsControl)) return null;
        if (authority.Whole() is { } pattern)
        {
            if (pattern.Match(name) is not { Success: true } match) return null;
            name = match.Groups.Count > 1 ? match.Groups[1].Value : match.Value;
        }
        return Normalise(name, authority.NamesBy) is { Length: > 0 } normal ? normal : null;
    }

    /// <summary>The one spelling that is compared: addresses mean the same in any case.</summary>
    public static string Normalise(string name, NamesBy by) => by is NamesBy.Upn or NamesBy.Email ? name.Trim().ToLowerInvariant() : name.Trim();

    private static List<string> InSubject(X509Certificate2 certificate, string type) =>
        [.. certificate.SubjectName.EnumerateRelativeDistinguishedNames().Where(part => !part.HasMultipleElements && part.GetSingleElementType().Value == type).Select(part => part.GetSingleElementValue() ?? "")];

    // RFC 5280 4.2.1.6
    private static List<string> Alternative(X509Certificate2 certificate, Asn1Tag kind)
    {
        List<string> found = [];
        if (certificate.Extensions.Where(extension => extension.Oid?.Value == AlternativeNames).ToList() is not [{ } names]) return found;
        var whole = new AsnReader(names.RawData, AsnEncodingRules.DER);
        var all = whole.ReadSequence();
        whole.ThrowIfNotEmpty();
        while (all.HasData)
        {
            if (!all.PeekTag().HasSameClassAndValue(kind)) all.ReadEncodedValue();
            else if (kind == EmailAddress) found.Add(all.ReadCharacterString(UniversalTagNumber.IA5String, EmailAddress));
            else
            {
                var other = all.ReadSequence(OtherName);
                if (other.ReadObjectIdentifier() == PrincipalName) found.Add(other.ReadSequence(OtherName).ReadCharacterString(UniversalTagNumber.UTF8String));
            }
        }
        return found;
    }
}
