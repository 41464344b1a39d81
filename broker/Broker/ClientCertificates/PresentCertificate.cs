using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>What a gateway is answered: a token for the browser, or why not; and which face asked.</summary>
internal sealed record Presented(string? HandOver, RefusalReason? Refused, string Detail, Audience Audience);

/// <summary>Judges a certificate whose key a browser has proved to have, and sends that browser back with a token for the page that asked.</summary>
internal sealed class PresentCertificate(
    SignInAuthorityStore authorities, CertificateFlowStore flows, CertificateCheck check, SignInStore signIns, SignInThrottle throttle, ILogger<PresentCertificate> log)
{
    /// <param name="state">The browser brought it from the sign-in page.</param>
    /// <param name="chain">DER, the browser's own first; from a gateway, so the handshake was made.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<Presented> RunAsync(string state, IReadOnlyList<ReadOnlyMemory<byte>> chain, string sourceAddress, CancellationToken ct)
    {
        if (!OpaqueToken.TryHash(state, out var sha256)) return new(null, RefusalReason.StepExpired, "", Audience.Employee);
        // A state takes one certificate, so there is no account to guess at; what is left to slow down is the network.
        var counted = $"certificate {Convert.ToHexString(sha256)}";
        var wait = throttle.Begin(counted, sourceAddress);
        if (wait > TimeSpan.Zero)
        {
            log.CertificatesSlowed(sourceAddress, wait);
            return new(null, RefusalReason.SignInBusy, string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(wait.TotalSeconds)} s"), Audience.Employee);
        }
        try
        {
            if (await flows.TakeAsync(sha256) is not { } flow)
            {
                throttle.Failed(counted, sourceAddress);
                return new(null, RefusalReason.StepExpired, "", Audience.Employee);
            }
            return await JudgeAsync(flow, chain, counted, sourceAddress, ct);
        }
        finally { throttle.End(counted); }
    }

    private async Task<Presented> JudgeAsync(CertificateFlow flow, IReadOnlyList<ReadOnlyMemory<byte>> chain, string counted, string sourceAddress, CancellationToken ct)
    {
        if (chain.Count == 0) return new(null, RefusalReason.CertificateNotShown, "", flow.Audience);
        var (authority, value, reason, detail) = Read(chain) is { } sent
            ? await check.RunAsync((await authorities.AllAsync()).Where(a => a.Enabled), sent, ct)
            : new(null, null, RefusalReason.CertificateNotTrusted);
        var user = reason is null ? await authorities.WhoAsync(authority!, value!) : null;
        reason ??= user switch
        {
            null => RefusalReason.CertificateUnknown,
            { Enabled: false } => RefusalReason.AccountDisabled,
            { Administrator: false } when flow.Audience is Audience.Administrator => RefusalReason.NotAllowed,
            _ => null,
        };
        if (reason is { } refused)
        {
            // A server of theirs that is away is nobody's attempt.
            if (refused is not RefusalReason.CertificateNotChecked) throttle.Failed(counted, sourceAddress);
            log.CertificateRefused(sourceAddress, refused.ToString(), authority?.Name ?? "none");
            await signIns.RecordFailureAsync(user, refused, flow.Audience, sourceAddress);
            return new(null, refused, detail, flow.Audience);
        }
        var token = OpaqueToken.Make();
        await flows.HandOverAsync(flow, token.Sha256, authority!, user!);
        return new(token.Text, null, "", flow.Audience);
    }

    /// <summary>Null for what no browser sends.</summary>
    public static X509Certificate2Collection? Read(IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        if (chain.Count is 0 or > CertificateCheck.MostCertificates || chain.Any(one => one.Length is 0 or > CertificateCheck.LongestCertificate)) return null;
        try { return [.. chain.Select(one => X509CertificateLoader.LoadCertificate(one.Span))]; }
        catch (CryptographicException) { return null; }
    }
}
