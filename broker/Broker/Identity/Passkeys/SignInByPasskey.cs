using System.Globalization;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>Signs in whoever shows a passkey that has verified its owner. It counts as both steps: nothing else is asked for.</summary>
internal sealed class SignInByPasskey(
    SignInStore signIns, StepStore steps, PasskeyStore store, PasskeyChallenges challenges, PasskeyCeremony ceremony, SignInThrottle throttle, ILogger<SignInByPasskey> log)
{
    /// <param name="challenge">The browser's own token, which came with the question.</param>
    /// <param name="answer">Of the browser.</param>
    /// <param name="audience">Whom the token is for.</param>
    /// <param name="client">What the person signs in with.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="http">The request.</param>
    public async Task<StepOutcome> RunAsync(string challenge, string answer, Audience audience, string client, string sourceAddress, HttpContext http)
    {
        if (!OpaqueToken.TryHash(challenge, out var holder)) return new StepOutcome.Refused(RefusalReason.PasskeyRefused);
        // A question takes one answer, so there is no account to guess at; what is left to slow down is the network.
        var counted = $"passkey {Convert.ToHexString(holder)}";
        var wait = throttle.Begin(counted, sourceAddress);
        if (wait > TimeSpan.Zero)
        {
            log.SecondStepSlowed(sourceAddress, wait);
            return new StepOutcome.Refused(RefusalReason.SignInBusy, string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(wait.TotalSeconds)} s"));
        }
        try
        {
            var (outcome, owner) = await CheckAsync(holder, answer, audience, client, sourceAddress, http);
            if (outcome is StepOutcome.Refused refused)
            {
                throttle.Failed(counted, sourceAddress);
                await signIns.RecordFailureAsync(owner?.Known, refused.Reason, audience, sourceAddress);
            }
            return outcome;
        }
        finally { throttle.End(counted); }
    }

    private async Task<(StepOutcome Outcome, PasskeyOwner? Owner)> CheckAsync(byte[] holder, string answer, Audience audience, string client, string sourceAddress, HttpContext http)
    {
        if (await challenges.TakeAsync(PasskeyPurpose.Alone, holder) is not { } state) return (new StepOutcome.Refused(RefusalReason.PasskeyRefused), null);
        if (await ceremony.ShownAsync(state, alone: true, answer, http) is not { } shown)
        {
            // Not proven to be his; but who is tried at should find it in his record.
            var claimed = PasskeyCeremony.ClaimedCredential(answer) is { } credential ? await store.FindAsync(credential) : null;
            return (new StepOutcome.Refused(claimed is null ? RefusalReason.PasskeyUnknown : RefusalReason.PasskeyRefused), claimed is null ? null : await store.OwnerAsync(claimed.UserId));
        }
        var owner = await store.OwnerAsync(shown.User);
        if (owner is null || !owner.Enabled) return (new StepOutcome.Refused(RefusalReason.SignInFailed), owner);
        if (audience is Audience.Administrator && !owner.Administrator) return (new StepOutcome.Refused(RefusalReason.NotAllowed), owner);
        var token = OpaqueToken.Make();
        var proof = Proof.OfPasskey(shown.User, shown.Passkey.CredentialId, shown.Passkey.SignCount, shown.Passkey.IsBackedUp);
        return await steps.SignInAsync(proof, audience, client, token.Sha256, "passkey_alone", sourceAddress) is { } until
            ? (new StepOutcome.SignedIn(token.Text, owner.Person, until, []), owner)
            : (new StepOutcome.Refused(RefusalReason.PasskeyRefused), owner);
    }
}
