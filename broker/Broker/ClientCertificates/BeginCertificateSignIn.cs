using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>Begins a sign-in with a certificate, bound to the browser by a secret of its own.</summary>
internal sealed class BeginCertificateSignIn(SignInAuthorityStore authorities, CertificateFlowStore flows, ILogger<BeginCertificateSignIn> log)
{
    /// <param name="audience">Whom the sign-in is for.</param>
    /// <param name="back">Page that the person wanted.</param>
    /// <param name="browser">What an earlier call answered to this browser, so that two windows do not undo each other; else empty.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <returns>What goes with the browser, and the secret that its cookie keeps; or why not.</returns>
    public async Task<(string State, string Browser, RefusalReason? Refused)> RunAsync(Audience audience, string back, string browser, string sourceAddress)
    {
        if (!await authorities.AnyAsync()) return ("", "", RefusalReason.CertificatesOff);
        var state = OpaqueToken.Make();
        if (!OpaqueToken.TryHash(browser, out var browserSha256))
        {
            var made = OpaqueToken.Make();
            (browser, browserSha256) = (made.Text, made.Sha256);
        }
        if (await flows.BeginAsync(new(browserSha256, audience, back), state.Sha256, sourceAddress)) return (state.Text, browser, null);
        log.TooManyCertificateFlows(sourceAddress);
        return ("", "", RefusalReason.SignInBusy);
    }
}
