using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>Decides whether a client certificate is one of ours and still good.</summary>
internal sealed class PeerCheck(CertificateAuthority authority, CertificateStore store, TimeProvider time)
{
    // A gateway asks for every ticket: the answer is kept for a moment, so that a revocation counts within seconds.
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);
    private const int MostRemembered = 20_000;
    private readonly ConcurrentDictionary<PeerIdentity, DateTimeOffset> _good = new();

    /// <summary>In the handshake: issued by our authority, for clients, within its time.</summary>
    public bool IsOurs(X509Certificate2? certificate)
    {
        if (certificate is null || PeerIdentity.From(certificate) is null) return false;
        using var chain = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority.Certificate },
                RevocationMode = X509RevocationMode.NoCheck,   // our table says it, below
                DisableCertificateDownloads = true,
                ApplicationPolicy = { new("1.3.6.1.5.5.7.3.2") },
                VerificationTimeIgnored = false,
                VerificationTime = time.GetUtcNow().UtcDateTime,
            },
        };
        return chain.Build(certificate);
    }

    /// <summary>For each call: not taken back.</summary>
    public async Task<bool> IsGoodAsync(PeerIdentity peer, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (_good.TryGetValue(peer, out var until) && now < until) return true;
        if (!await store.IsGoodAsync(peer, ct))
        {
            _good.TryRemove(peer, out _);
            return false;
        }
        if (_good.Count >= MostRemembered) _good.Clear();
        _good[peer] = now + Remembered;
        return true;
    }

    /// <summary>Takes back every certificate of a subject. Streams that are open stay so until their slice closes them.</summary>
    public async Task RevokeAsync(PeerKind kind, Guid subject)
    {
        await store.RevokeAsync(kind, subject);
        foreach (var peer in _good.Keys.Where(p => p.Kind == kind && p.SubjectId == subject)) _good.TryRemove(peer, out _);
    }
}
