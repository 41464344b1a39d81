using System.Collections.Concurrent;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Identity.V1;
using OtpNet;

namespace Montalegre.Vdi.Rig.Stack;

/// <summary>The second factor of a test's administrator: an authenticator app in memory, and its recovery codes for later sign-ins, which wait for no clock.</summary>
public sealed class RigAuthenticator
{
    private readonly ConcurrentQueue<string> _recoveryCodes;

    private RigAuthenticator(StepDone signedIn) => (SignedIn, _recoveryCodes) = (signedIn, new(signedIn.RecoveryCodes));

    /// <summary>The sign-in that the enrolment ended with.</summary>
    public StepDone SignedIn { get; }

    /// <summary>The token of that sign-in.</summary>
    public string Token => SignedIn.Token;

    /// <summary>Enrols an app in the sign-in that waits for it, as whoever is asked for a second factor for the first time.</summary>
    public static async Task<RigAuthenticator> EnrolAsync(ChannelBase channel, PendingStep step)
    {
        var steps = new SecondStep.SecondStepClient(channel);
        var offered = await steps.EnrolTotpAsync(new() { Step = step.Step });
        var code = new Totp(Base32Encoding.ToBytes(offered.Secret)).ComputeTotp();
        return new(await steps.ConfirmTotpAsync(new() { Step = step.Step, Code = code }));
    }

    /// <summary>A code for one more sign-in.</summary>
    public string NextCode() => _recoveryCodes.TryDequeue(out var code) ? code : throw new InvalidOperationException("All recovery codes of the test's administrator are used.");
}
