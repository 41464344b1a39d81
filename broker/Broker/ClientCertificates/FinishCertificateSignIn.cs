using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>Ends a sign-in with a certificate: the browser that began it brings what it got for the certificate, and it goes on as after a right password.</summary>
internal sealed class FinishCertificateSignIn(CertificateFlowStore flows, SignInStore signIns, BeginSecondStep secondStep, IOptions<IdentityOptions> identity)
{
    /// <param name="handOver">What the browser brought.</param>
    /// <param name="browser">The secret of its cookie.</param>
    /// <param name="audience">Whom the token is for.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="clientName">What he signs in with.</param>
    /// <returns>Signed in, or a second step, and the page that the person wanted.</returns>
    public async Task<(SignInOutcome Outcome, string Back)> RunAsync(string handOver, string browser, Audience audience, string sourceAddress, string clientName)
    {
        if (!OpaqueToken.TryHash(handOver, out var token) || !OpaqueToken.TryHash(browser, out var browserSha256) || await flows.TakeAsync(token, browserSha256, audience) is not { } handed)
            return (new SignInOutcome.Refused(RefusalReason.StepExpired), "");
        var user = handed.User;
        if (!user.Enabled) return (await RefuseAsync(handed, RefusalReason.AccountDisabled, sourceAddress), handed.Back);
        if (audience is Audience.Administrator && !user.Administrator) return (await RefuseAsync(handed, RefusalReason.NotAllowed, sourceAddress), handed.Back);
        if (user.NeedsSecondStep && !handed.BothFactors)
            return (await secondStep.RunAsync(user, audience, clientName, newHash: null) is { } step ? step : await RefuseAsync(handed, RefusalReason.SignInFailed, sourceAddress), handed.Back);
        var session = OpaqueToken.Make();
        return (await signIns.StartVouchedAsync(user, session.Sha256, audience, "certificate", handed.BothFactors, identity.Value.LifetimeOf(audience), clientName, sourceAddress) is { } until
            ? new SignInOutcome.SignedIn(session.Text, user.Person, until)
            : await RefuseAsync(handed, RefusalReason.SignInFailed, sourceAddress), handed.Back);
    }

    private async Task<SignInOutcome> RefuseAsync(HandedOver handed, RefusalReason reason, string sourceAddress)
    {
        await signIns.RecordFailureAsync(handed.User, reason, handed.Audience, sourceAddress);
        return new SignInOutcome.Refused(reason);
    }
}
