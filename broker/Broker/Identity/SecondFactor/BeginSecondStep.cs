using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>Begins the second step of somebody whose password was right.</summary>
internal sealed class BeginSecondStep(StepStore steps)
{
    /// <summary>Null when the user was disabled, lost the right or got another password meanwhile.</summary>
    public async Task<SignInOutcome.SecondStep?> RunAsync(KnownUser user, Audience audience, string client, string? newHash, Guid? oidcSession = null)
    {
        var token = OpaqueToken.Make();
        return await steps.BeginAsync(user, token.Sha256, audience, client, newHash, oidcSession) is { } until
            ? new SignInOutcome.SecondStep(token.Text, user.Person, until, MustEnrol: !user.HasFactor)
            : null;
    }
}

internal static class SecondStepMessage
{
    public static StepDone ToMessage(this SignInOutcome.SignedIn done) =>
        new() { Token = done.Token, UserId = done.User.Id.ToString(), UserName = done.User.UserName, DisplayName = done.User.DisplayName, ExpiresAt = done.ExpiresAt.ToTimestamp(), Language = "pt-PT" };

    public static PendingStep ToMessage(this SignInOutcome.SecondStep step) =>
        new() { Step = step.Token, MustEnrol = step.MustEnrol, UserName = step.User.UserName, ExpiresAt = step.ExpiresAt.ToTimestamp() };
}
