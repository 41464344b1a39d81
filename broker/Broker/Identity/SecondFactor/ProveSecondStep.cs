using System.Globalization;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>
/// Ends a sign-in that waits for its second step: by a code of the app, by a recovery code, or, for who must have a factor and
/// has none, by the first code of a new app. Wrong codes are counted three times: by step, by account, by source network.
/// </summary>
internal sealed class ProveSecondStep(StepStore steps, AppOffers apps, SignInThrottle throttle, ILogger<ProveSecondStep> log)
{
    private const int LongestCode = 64;

    /// <param name="token">Of the step.</param>
    /// <param name="code">What was typed.</param>
    /// <param name="enrol">The code confirms the app that was offered to this step.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    public async Task<StepOutcome> RunAsync(string token, string code, bool enrol, string sourceAddress)
    {
        if (!OpaqueToken.TryHash(token, out var sha256) || await steps.FindAsync(sha256) is not { } step) return new StepOutcome.Refused(RefusalReason.StepExpired);
        // A name of its own: a right password forgives wrong passwords, not wrong codes.
        var counted = $"{step.UserName} second step";
        var wait = throttle.Begin(counted, sourceAddress);
        if (wait > TimeSpan.Zero)
        {
            log.SecondStepSlowed(sourceAddress, wait);
            return new StepOutcome.Refused(RefusalReason.SignInBusy, string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(wait.TotalSeconds)} s"));
        }
        try
        {
            if (!await steps.TakeTryAsync(sha256)) return new StepOutcome.Refused(RefusalReason.StepExpired);
            var outcome = await CheckAsync(step, sha256, code.Length > LongestCode ? "" : RecoveryCode.Normalise(code), enrol, sourceAddress);
            if (outcome is StepOutcome.Refused refused)
            {
                throttle.Failed(counted, sourceAddress);
                await steps.RecordFailureAsync(step, ReasonTexts.Name((ReasonCode)(int)refused.Reason), sourceAddress);
            }
            else
            {
                throttle.Succeeded(counted);
            }
            return outcome;
        }
        finally { throttle.End(counted); }
    }

    private async Task<StepOutcome> CheckAsync(WaitingStep step, byte[] sha256, string code, bool enrol, string sourceAddress)
    {
        if (enrol != step.MustEnrol) return new StepOutcome.Refused(enrol ? RefusalReason.FactorExists : RefusalReason.SecondFactorNeeded);
        if (enrol)
        {
            if (await apps.CheckOfferAsync(step.UserId, sha256, code) is not { } offer) return new StepOutcome.Refused(RefusalReason.CodeWrong);
            var codes = RecoveryCode.MakeAll();
            return await SignInAsync(Proof.OfNewApp(step.UserId, sha256, offer.Sealed, offer.Step, codes, only: true), step, sha256, "totp", sourceAddress, codes, RefusalReason.FactorExists);
        }
        if (code.Length != AuthenticatorApp.Digits)
            return await SignInAsync(Proof.OfRecoveryCode(step.UserId, code), step, sha256, "recovery_code", sourceAddress, [], RefusalReason.CodeWrong);
        return await apps.CheckAsync(step.UserId, code) is { } accepted
            ? await SignInAsync(Proof.OfApp(step.UserId, accepted), step, sha256, "totp", sourceAddress, [], RefusalReason.CodeUsed)
            : new StepOutcome.Refused(RefusalReason.CodeWrong);
    }

    private async Task<StepOutcome> SignInAsync(Proof proof, WaitingStep step, byte[] sha256, string way, string sourceAddress, string[] codes, RefusalReason otherwise)
    {
        var token = OpaqueToken.Make();
        return await steps.CompleteAsync(proof, sha256, token.Sha256, way, sourceAddress) is { } until
            ? new StepOutcome.SignedIn(token.Text, step.Person, until, codes)
            : new StepOutcome.Refused(otherwise);
    }
}
