using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>What came of a check.</summary>
/// <param name="Authority">Which one it is from; null: none.</param>
/// <param name="Value">How it names somebody.</param>
/// <param name="Reason">Why it signs nobody in; null: it holds.</param>
internal sealed record CertificateVerdict(SignInAuthority? Authority, string? Value, RefusalReason? Reason, string Detail = "");

/// <summary>Checks a certificate: who issued it, when and for what it is good, whether it was revoked, and whom it names.</summary>
internal sealed class CertificateCheck(RevocationFiles files, IOptions<ClientCertificateOptions> options, TimeProvider time, ILogger<CertificateCheck> log) : IDisposable
{
    /// <summary>Our limits; cards' chains are three or four long and shorter than 3 KB each.</summary>
    public const int MostCertificates = 10;

    /// <inheritdoc cref="MostCertificates" />
    public const int LongestCertificate = 16 * 1024;

    private const int AskedAtOnce = 16;

    private const X509ChainStatusFlags OutOfTime = X509ChainStatusFlags.NotTimeValid;
    private const X509ChainStatusFlags OtherUse = X509ChainStatusFlags.NotValidForUsage;

    private readonly SemaphoreSlim _asking = new(AskedAtOnce);

    /// <summary>The first authority that it is from decides.</summary>
    /// <param name="authorities">Those that sign people in.</param>
    /// <param name="sent">The person's own first.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<CertificateVerdict> RunAsync(IEnumerable<SignInAuthority> authorities, X509Certificate2Collection sent, CancellationToken ct)
    {
        foreach (var authority in authorities)
        {
            if (await RunAsync(authority, sent, ct) is { } verdict) return verdict;
        }
        return new(null, null, RefusalReason.CertificateNotTrusted);
    }

    public void Dispose() => _asking.Dispose();

    // Null: it is not from this one.
    private async Task<CertificateVerdict?> RunAsync(SignInAuthority authority, X509Certificate2Collection sent, CancellationToken ct)
    {
        var leaf = sent[0];
        using var chain = new X509Chain { ChainPolicy = Policy(authority, sent, out var issuers) };
        chain.Build(leaf);
        var problems = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        var elements = chain.ChainElements.Select(element => element.Certificate).ToList();
        if ((problems & ~(OutOfTime | OtherUse)) != 0 || elements.Count < 2 || issuers.Count > 0 && !issuers.Any(named => named.RawDataMemory.Span.SequenceEqual(elements[1].RawDataMemory.Span))) return null;
        if (IsAuthority(leaf)) return new(authority, null, RefusalReason.CertificateWrongUse, "authority");
        if (problems.HasFlag(OutOfTime)) return new(authority, null, RefusalReason.CertificateExpired);
        if (problems.HasFlag(OtherUse) || !MaySign(leaf) || !HasPolicy(authority, sent)) return new(authority, null, RefusalReason.CertificateWrongUse);
        var revoked = authority.Revocation switch
        {
            Revocation.Off => false,
            Revocation.File => InFiles(elements),
            Revocation.Online => await AskedAsync(authority, sent, ct),
            _ => throw new InvalidOperationException($"{authority.Revocation} is no way to check"),
        };
        if (revoked is null) log.RevocationUnknown(authority.Name);
        if (revoked is not false) return new(authority, null, revoked is null ? RefusalReason.CertificateNotChecked : RefusalReason.CertificateRevoked);
        return CertificateName.Of(leaf, authority) is { } value ? new(authority, value, null) : new(authority, null, RefusalReason.CertificateUnknown);
    }

    private X509ChainPolicy Policy(SignInAuthority authority, X509Certificate2Collection sent, out IReadOnlyList<X509Certificate2> issuers)
    {
        var policy = authority.Trust(out issuers);
        policy.ExtraStore.AddRange(sent);
        policy.VerificationTime = time.GetUtcNow().LocalDateTime;
        if (authority.Purpose.Length > 0) policy.ApplicationPolicy.Add(new Oid(authority.Purpose));
        return policy;
    }

    private bool HasPolicy(SignInAuthority authority, X509Certificate2Collection sent) => authority.Policies.Count == 0 || authority.Policies.Any(wanted =>
    {
        using var chain = new X509Chain { ChainPolicy = Policy(authority, sent, out _) };
        chain.ChainPolicy.CertificatePolicy.Add(new Oid(wanted));
        return chain.Build(sent[0]);
    });

    // Whole: a list about the person's own alone would not say that its issuer is one no more.
    private bool? InFiles(List<X509Certificate2> elements)
    {
        var answers = elements.Zip(elements.Skip(1), (certificate, issuer) => files.Has(certificate, issuer)).ToList();
        return answers.Contains(true) ? true : answers.Contains(null) ? null : false;
    }

    // Only now, after it is known to be from this authority: addresses to ask at stand in the certificate itself.
    private async Task<bool?> AskedAsync(SignInAuthority authority, X509Certificate2Collection sent, CancellationToken ct)
    {
        await _asking.WaitAsync(ct);
        try
        {
            return await Task.Run(() =>
            {
                using var chain = new X509Chain { ChainPolicy = Policy(authority, sent, out _) };
                chain.ChainPolicy.RevocationMode = X509RevocationMode.Online;
                chain.ChainPolicy.RevocationFlag = X509RevocationFlag.ExcludeRoot;
                chain.ChainPolicy.UrlRetrievalTimeout = options.Value.Patience;
                if (chain.Build(sent[0])) return (bool?)false;
                return chain.ChainStatus.Any(status => status.Status.HasFlag(X509ChainStatusFlags.Revoked)) ? true : null;
            }, ct);
        }
        finally { _asking.Release(); }
    }

    private static bool IsAuthority(X509Certificate2 certificate) => certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority);

    private static bool MaySign(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509KeyUsageExtension>().All(usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature));
}
