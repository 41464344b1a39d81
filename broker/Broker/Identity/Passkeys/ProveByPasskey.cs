using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>Ends a sign-in that waits for its second step by a passkey, counted and slowed down like a code.</summary>
internal sealed class ProveByPasskey(StepTries tries, PasskeyStore store, PasskeyChallenges challenges, PasskeyCeremony ceremony)
{
    /// <param name="token">Of the step.</param>
    /// <param name="answer">Of the browser.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="http">The request.</param>
    public Task<StepOutcome> RunAsync(string token, string answer, string sourceAddress, HttpContext http) => tries.RunAsync(token, sourceAddress, async (step, sha256) =>
    {
        if (await challenges.TakeAsync(PasskeyPurpose.Step, sha256) is not { } state) return new StepOutcome.Refused(RefusalReason.PasskeyRefused);
        if (await ceremony.ShownAsync(state, alone: false, answer, http) is not { } shown) return new StepOutcome.Refused(await WhyNotAsync(answer));
        return await tries.SignInAsync(
            Proof.OfPasskey(step.UserId, shown.Passkey.CredentialId, shown.Passkey.SignCount, shown.Passkey.IsBackedUp), step, sha256, "passkey", sourceAddress, [], RefusalReason.PasskeyRefused);
    });

    private async Task<RefusalReason> WhyNotAsync(string answer) =>
        PasskeyCeremony.ClaimedCredential(answer) is { } credential && await store.FindAsync(credential) is null ? RefusalReason.PasskeyUnknown : RefusalReason.PasskeyRefused;
}
