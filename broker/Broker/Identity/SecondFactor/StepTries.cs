using System.Globalization;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>One try at a second step, whatever proves: wrong ones are counted three times, by step, by account, by source network.</summary>
internal sealed class StepTries(StepStore steps, SignInThrottle throttle, ILogger<StepTries> log)
{
    /// <param name="token">Of the step.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="check">Looks at what was given; gets the step and the hash of its token.</param>
    public async Task<StepOutcome> RunAsync(string token, string sourceAddress, Func<WaitingStep, byte[], Task<StepOutcome>> check)
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
            var outcome = await check(step, sha256);
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

    /// <summary>Ends the step by a proof.</summary>
    /// <param name="proof">Takes what was proven with.</param>
    /// <param name="step">Whose sign-in it is.</param>
    /// <param name="sha256">Hash of the step's token.</param>
    /// <param name="way">For the audit record.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="codes">Recovery codes to be shown with it.</param>
    /// <param name="otherwise">What to say when the proof did not hold.</param>
    public async Task<StepOutcome> SignInAsync(Proof proof, WaitingStep step, byte[] sha256, string way, string sourceAddress, string[] codes, RefusalReason otherwise)
    {
        var token = OpaqueToken.Make();
        return await steps.CompleteAsync(proof, sha256, token.Sha256, way, sourceAddress) is { } until
            ? new StepOutcome.SignedIn(token.Text, step.Person, until, codes)
            : new StepOutcome.Refused(otherwise);
    }
}
