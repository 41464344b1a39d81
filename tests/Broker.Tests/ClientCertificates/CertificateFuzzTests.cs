using System.Diagnostics;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.ClientCertificates;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Fuzz.Fuzzing;
using Montalegre.Vdi.Rig;

namespace Montalegre.Vdi.Broker.Tests.ClientCertificates;

/// <summary>
/// The fuzzer's property for what reads certificates and lists of revoked ones: it reads or refuses, and never makes a revoked certificate a good one or a
/// stranger's list a known one. Fixed seeds; MONTALEGRE_FUZZ_SECONDS runs each for so long with a fresh one.
/// </summary>
public sealed class CertificateFuzzTests : IDisposable
{
    private const int Seed = 20261127;
    private readonly CardAuthority _cards = new("Cartões");
    private readonly string _folder = Directory.CreateTempSubdirectory("crl-fuzz-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _cards.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void List_of_revoked_certificates_is_read_or_refused_and_a_bent_one_is_nobodys()
    {
        using var lost = _cards.Issue("BI1");
        using var fine = _cards.Issue("BI2");
        _cards.Revoke(lost);
        for (var n = 0; n < 40; n++) using (var other = _cards.Issue($"{n}")) _cards.Revoke(other);
        _cards.WriteLists(_folder);
        var der = File.ReadAllBytes(Path.Combine(_folder, "issuing.crl"));
        var pem = System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", der));
        var root = File.ReadAllBytes(Path.Combine(_folder, "root.crl"));
        var good = RevocationList.ReadFile(der);
        Assert.Equal((true, true, false), (good.IsBy(_cards.Issuing), good.Has(lost), good.Has(fine)));
        Assert.True(RevocationList.ReadFile(root).IsBy(_cards.Root));

        Run(new("crl", [der, pem, root], bytes =>
        {
            var list = RevocationList.ReadFile(bytes);
            if (list.IsBy(_cards.Issuing) && !(list.Has(lost) && !list.Has(fine))) throw new InvalidOperationException("It was bent, and is believed.");
        }) { IsRefusal = e => e is AsnContentException, Repair = Mutator.Der });
    }

    [Theory]
    [InlineData(nameof(NamesBy.Upn))]
    [InlineData(nameof(NamesBy.Email))]
    public void Alternative_names_are_read_or_are_nobodys(string by)
    {
        var authority = Authority(Enum.Parse<NamesBy>(by));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("posto.camara.test");
        names.AddUserPrincipalName("ana@camara.test");
        names.AddEmailAddress("Ana@Camara.Test");
        var both = names.Build().RawData;
        using (var good = Certificate(alternative: both)) Assert.Equal("ana@camara.test", CertificateName.Of(good!, authority));

        Run(new($"names by {by}", [both, [.. both, .. both]], bytes =>
        {
            using var certificate = Certificate(alternative: bytes);
            Look(certificate, authority);
        }) { IsRefusal = _ => false, Repair = Mutator.Der });
    }

    [Theory]
    [InlineData(nameof(NamesBy.SubjectSerialNumber), "BI12345678")]
    [InlineData(nameof(NamesBy.CommonName), "Ana Sílvia")]
    public void Names_in_a_subject_are_read_or_are_nobodys(string by, string expected)
    {
        var authority = Authority(Enum.Parse<NamesBy>(by));
        byte[][] corpus = [Subject(UniversalTagNumber.PrintableString), Subject(UniversalTagNumber.UTF8String), Subject(UniversalTagNumber.BMPString)];
        foreach (var one in corpus) using (var good = Certificate(subject: one)) Assert.Equal(expected, CertificateName.Of(good!, authority));

        Run(new($"names by {by}", corpus, bytes =>
        {
            using var certificate = Certificate(subject: bytes);
            Look(certificate, authority);
        }) { IsRefusal = _ => false, Repair = Mutator.Der });
    }

    [Fact]
    public void Serial_numbers_of_every_form_are_found_as_they_are_listed()
    {
        var random = new Random(Seed);
        byte[][] numbers = [[0], [1], [0x7F], [0, 0x80], [0xFF], [0x80], [0x80, 0], [0, 0xFF, 0xFF], [.. Enumerable.Repeat((byte)0x7F, 20)], [0, .. Enumerable.Repeat((byte)0xFF, 20)], .. Enumerable.Range(1, 20).SelectMany(length => Enumerable.Range(0, 20).Select(_ => Some(length)))];
        var list = RevocationList.Read(List(numbers));
        foreach (var number in numbers.Where(n => n[0] < 0x80))
        {
            using var certificate = Certificate(number: number);
            Assert.True(list.Has(certificate!), Convert.ToHexString(number));
        }
        for (var n = 0; n < 200; n++)
        {
            byte[] number = [0x11, .. Some(12)];
            using var certificate = Certificate(number: number);
            Assert.Equal(numbers.Any(listed => new BigInteger(listed, isBigEndian: true) == new BigInteger(number, isBigEndian: true)), list.Has(certificate!));
        }
        Assert.Throws<AsnContentException>(() => RevocationList.Read(List([Enumerable.Repeat((byte)1, 22).ToArray()])));
        Assert.Throws<AsnContentException>(() => RevocationList.Read(List([new byte[200_000].Select((_, i) => (byte)(1 | i)).ToArray()])));

        byte[] Some(int length)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            bytes[0] = (byte)(bytes[0] & 0x7F | 0x40);
            return bytes;
        }
    }

    [Fact]
    public void Long_list_costs_little_more_than_its_bytes()
    {
        byte[][] numbers = [.. Enumerable.Range(0, 200_000).Select(n => new byte[] { 0x40, (byte)(n >> 16), (byte)(n >> 8), (byte)n, 1, 2, 3, 4 })];
        var der = List(numbers);
        RevocationList.ReadFile(der);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var list = RevocationList.ReadFile(der);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5L * der.Length);      // readers of the entries, gone at once
        using var last = Certificate(number: numbers[^1]);
        Assert.True(list.Has(last!));
    }

    [Fact]
    public void Files_are_read_again_when_what_a_link_leads_to_changes_and_a_folder_that_cannot_be_read_is_no_list()
    {
        using var lost = _cards.Issue("BI1");
        var (first, second) = (Directory.CreateDirectory(Path.Combine(_folder, "1")).FullName, Directory.CreateDirectory(Path.Combine(_folder, "2")).FullName);
        _cards.WriteLists(first);
        _cards.Revoke(lost);
        _cards.WriteLists(second);
        var seen = Directory.CreateDirectory(Path.Combine(_folder, "seen")).FullName;
        var now = Path.Combine(_folder, "now");
        Directory.CreateSymbolicLink(now, first);
        File.CreateSymbolicLink(Path.Combine(seen, "issuing.crl"), Path.Combine(now, "issuing.crl"));
        var options = new ClientCertificateOptions { RevocationDirectory = seen };
        var files = new RevocationFiles(Options.Create(options), TimeProvider.System, NullLogger<RevocationFiles>.Instance);
        Assert.False(files.Has(lost, _cards.Issuing));

        Directory.Delete(now);
        Directory.CreateSymbolicLink(now, second);
        Assert.True(files.Has(lost, _cards.Issuing));
        File.WriteAllBytes(Path.Combine(second, "issuing.crl"), File.ReadAllBytes(Path.Combine(first, "issuing.crl")));
        Assert.False(files.Has(lost, _cards.Issuing));
        Directory.Delete(now);                                                       // leads nowhere
        Assert.Null(files.Has(lost, _cards.Issuing));
        options.RevocationDirectory = Path.Combine(seen, "issuing.crl", "none");
        Assert.Null(files.Has(lost, _cards.Issuing));
    }

    [Fact]
    public async Task Bent_answers_of_the_authoritys_server_never_make_a_revoked_certificate_good()
    {
        await using var server = new RevocationServer();
        using var cards = new CardAuthority($"Perguntados {Guid.NewGuid():N}", server.Ocsp, server.RootList);
        server.Serve(cards);
        using var check = new CertificateCheck(new(Options.Create(new ClientCertificateOptions()), TimeProvider.System, NullLogger<RevocationFiles>.Instance), Options.Create(new ClientCertificateOptions()), TimeProvider.System, NullLogger<CertificateCheck>.Instance);
        var authority = Authority(NamesBy.SubjectSerialNumber) with { Certificates = cards.Pem, Revocation = Revocation.Online };
        var mutator = new Mutator(new Random(Seed), Mutator.Der);
        var (bent, refused) = (0, 0);
        server.Bend = answer =>
        {
            bent++;
            return mutator.Next([answer]);
        };
        for (var n = 0; n < 30; n++)
        {
            using var lost = cards.Issue("BI15151515");                              // each its own: an answer that holds is kept by the framework
            server.Say(lost, revoked: true);
            for (var m = 0; m < 4; m++)
            {
                var verdict = await check.RunAsync([authority], [lost], Ct);
                Assert.Contains(verdict.Reason, new RefusalReason?[] { RefusalReason.CertificateRevoked, RefusalReason.CertificateNotChecked });
                if (verdict.Reason is RefusalReason.CertificateNotChecked) refused++;
            }
        }
        Assert.True(bent >= 30 && refused >= 30, $"{bent} answers were bent and {refused} sign-ins not checked");
    }

    private static void Run(Parser parser)
    {
        foreach (var good in parser.Corpus) Assert.Null(FuzzRun.Try(parser, good));
        var seconds = double.TryParse(Environment.GetEnvironmentVariable("MONTALEGRE_FUZZ_SECONDS"), out var some) ? some : 0;
        var started = Stopwatch.GetTimestamp();
        var (inputs, broke) = FuzzRun.Run(parser, seconds > 0 ? Random.Shared.Next() : Seed, n => seconds > 0 ? Stopwatch.GetElapsedTime(started).TotalSeconds < seconds : n < 4_000);
        TestContext.Current.TestOutputHelper?.WriteLine($"{parser.Name}: {inputs} inputs");
        Assert.Null(broke);
    }

    // Nobody, or a name that every other part can bear: of one line, of whole characters, and short.
    private static void Look(X509Certificate2? certificate, SignInAuthority authority)
    {
        if (certificate is null || CertificateName.Of(certificate, authority) is not { } name) return;
        if (name.Length is 0 or > CertificateName.Longest || name.Any(char.IsControl) || name != name.Trim()) throw new InvalidOperationException("It is no name.");
        _ = new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(name);
    }

    private SignInAuthority Authority(NamesBy by) => new() { Id = Guid.NewGuid(), Name = "Cartões", Certificates = _cards.Pem, NamesBy = by };

    private static byte[] Subject(UniversalTagNumber kind)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            Part("2.5.4.6", "PT", UniversalTagNumber.PrintableString);
            Part("2.5.4.3", "Ana Sílvia", kind is UniversalTagNumber.PrintableString ? UniversalTagNumber.UTF8String : kind);
            Part("2.5.4.5", "BI12345678", kind);
        }
        return writer.Encode();

        void Part(string type, string value, UniversalTagNumber as_)
        {
            using (writer.PushSetOf())
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(type);
                writer.WriteCharacterString(as_, value);
            }
        }
    }

    // A list that nobody signed.
    private static byte[] List(IEnumerable<byte[]> numbers)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(1);
                using (writer.PushSequence()) writer.WriteObjectIdentifier("1.2.840.113549.1.1.11");
                using (writer.PushSequence()) { }
                writer.WriteUtcTime(DateTimeOffset.UtcNow);
                writer.WriteUtcTime(DateTimeOffset.UtcNow.AddDays(1));
                using (writer.PushSequence())
                    foreach (var number in numbers)
                        using (writer.PushSequence())
                        {
                            writer.WriteInteger(number);
                            writer.WriteUtcTime(DateTimeOffset.UtcNow);
                        }
            }
            using (writer.PushSequence()) writer.WriteObjectIdentifier("1.2.840.113549.1.1.11");
            writer.WriteBitString([0]);
        }
        return writer.Encode();
    }

    // As a browser would send it: whatever the authority put in, by a signature that nobody looks at here. Null: no certificate.
    private static X509Certificate2? Certificate(byte[]? subject = null, byte[]? alternative = null, byte[]? number = null)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                using (writer.PushSequence(new(TagClass.ContextSpecific, 0))) writer.WriteInteger(2);
                writer.WriteInteger(number ?? [1]);
                Algorithm();
                using (writer.PushSequence()) { }
                using (writer.PushSequence())
                {
                    writer.WriteUtcTime(DateTimeOffset.UnixEpoch.AddYears(50));
                    writer.WriteUtcTime(DateTimeOffset.UnixEpoch.AddYears(60));
                }
                // Raw, so that what is broken stays broken.
                try { writer.WriteEncodedValue(subject ?? [0x30, 0]); }
                catch (ArgumentException) { return null; }
                using (writer.PushSequence())
                {
                    using (writer.PushSequence()) { writer.WriteObjectIdentifier("1.3.101.112"); }
                    writer.WriteBitString(new byte[32]);
                }
                if (alternative is not null)
                    using (writer.PushSequence(new(TagClass.ContextSpecific, 3)))
                    using (writer.PushSequence())
                    using (writer.PushSequence())
                    {
                        writer.WriteObjectIdentifier("2.5.29.17");
                        writer.WriteOctetString(alternative);
                    }
            }
            Algorithm();
            writer.WriteBitString(new byte[64]);
        }
        return PresentCertificate.Read([writer.Encode()])?[0];

        void Algorithm()
        {
            using (writer.PushSequence()) writer.WriteObjectIdentifier("1.3.101.112");
        }
    }
}
