using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>
/// Ends a sign-in that waits for its second step: by a code of the app, by a recovery code, or, for who must have a factor and
/// has none, by the first code of a new app.
/// </summary>
internal sealed class ProveSecondStep(StepTries tries, AppOffers apps)
{
    private const int LongestCode = 64;

    /// <param name="token">Of the step.</param>
    /// <param name="code">What was typed.</param>
    /// <param name="enrol">The code confirms the app that was offered to this step.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    public Task<StepOutcome> RunAsync(string token, string code, bool enrol, string sourceAddress) =>
        tries.RunAsync(token, sourceAddress, (step, sha256) => CheckAsync(step, sha256, code.Length > LongestCode ? "" : RecoveryCode.Normalise(code), enrol, sourceAddress));

    private async Task<StepOutcome> CheckAsync(WaitingStep step, byte[] sha256, string code, bool enrol, string sourceAddress)
    {
        if (enrol != step.MustEnrol) return new StepOutcome.Refused(enrol ? RefusalReason.FactorExists : RefusalReason.SecondFactorNeeded);
        if (enrol)
        {
            if (await apps.CheckOfferAsync(step.UserId, sha256, code) is not { } offer) return new StepOutcome.Refused(RefusalReason.CodeWrong);
            var codes = RecoveryCode.MakeAll();
            return await tries.SignInAsync(Proof.OfNewApp(step.UserId, sha256, offer.Sealed, offer.Step, codes, only: true), step, sha256, "totp", sourceAddress, codes, RefusalReason.FactorExists);
        }
        if (code.Length != AuthenticatorApp.Digits)
            return await tries.SignInAsync(Proof.OfRecoveryCode(step.UserId, code), step, sha256, "recovery_code", sourceAddress, [], RefusalReason.CodeWrong);
        return await apps.CheckAsync(step.UserId, code) is { } accepted
            ? await tries.SignInAsync(Proof.OfApp(step.UserId, accepted), step, sha256, "totp", sourceAddress, [], RefusalReason.CodeUsed)
            : new StepOutcome.Refused(RefusalReason.CodeWrong);
    }
}
