using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>Ends the sign-in of somebody who must have a second factor and has none, by the passkey that the browser made for that; counted and slowed down like a code.</summary>
internal sealed class EnrolByPasskey(StepTries tries, PasskeyChallenges challenges, PasskeyCeremony ceremony, TimeProvider time)
{
    /// <param name="token">Of the step.</param>
    /// <param name="answer">Of the browser.</param>
    /// <param name="name">What the owner calls it.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="http">The request.</param>
    public async Task<StepOutcome> RunAsync(string token, string answer, string name, string sourceAddress, HttpContext http)
    {
        if (AddPasskey.NameOf(name) is not { } called) return new StepOutcome.Refused(RefusalReason.InvalidField, "name");
        return await tries.RunAsync(token, sourceAddress, async (step, sha256) =>
        {
            if (!step.MustEnrol) return new StepOutcome.Refused(RefusalReason.FactorExists);
            if (await challenges.TakeAsync(PasskeyPurpose.Register, sha256) is not { } state || await ceremony.MadeAsync(state, answer, http) is not { } made) return new StepOutcome.Refused(RefusalReason.PasskeyRefused);
            var codes = RecoveryCode.MakeAll();
            var proof = Proof.OfNewPasskey(AddPasskey.Row(made, called, step.UserId, time.GetUtcNow()), codes);
            return await tries.SignInAsync(proof, step, sha256, "passkey", sourceAddress, codes, RefusalReason.PasskeyRefused);
        });
    }
}
