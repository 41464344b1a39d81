using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity.Passkeys;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>The gRPC and REST face of what comes after the right password, for portal, console and scripts alike.</summary>
internal sealed class SecondStepService(
    StepStore steps, AppOffers apps, ProveSecondStep prove, PasskeyCeremony passkeys, PasskeyChallenges challenges, ProveByPasskey provePasskey, EnrolByPasskey enrolPasskey, SourceAddress sources) : SecondStep.SecondStepBase
{
    public override async Task<PendingStep> Get(GetStepRequest request, ServerCallContext context)
    {
        var (_, step) = await FindAsync(request.Step);
        return new() { Step = request.Step, MustEnrol = step.MustEnrol, UserName = step.UserName, HasApp = step.HasApp, HasPasskey = step.HasPasskey && passkeys.Offered, ExpiresAt = Timestamp.FromDateTime(DateTime.SpecifyKind(step.ExpiresAt, DateTimeKind.Utc)) };
    }

    public override async Task<StepDone> Prove(ProveRequest request, ServerCallContext context) =>
        Answer(await prove.RunAsync(request.Step, request.Code, enrol: false, sources.Of(context, request.ClientAddress)));

    public override async Task<TotpEnrolment> EnrolTotp(GetStepRequest request, ServerCallContext context)
    {
        var (sha256, step) = await FindAsync(request.Step);
        if (!step.MustEnrol) throw Refusal.Refused(RefusalReason.FactorExists);
        return Message(await apps.OfferAsync(step.UserId, sha256), step.UserName);
    }

    public override async Task<StepDone> ConfirmTotp(ProveRequest request, ServerCallContext context) =>
        Answer(await prove.RunAsync(request.Step, request.Code, enrol: true, sources.Of(context, request.ClientAddress)));

    public override async Task<PasskeyQuestion> BeginPasskey(GetStepRequest request, ServerCallContext context)
    {
        var (sha256, step) = await FindAsync(request.Step);
        if (!passkeys.Offered) throw Refusal.Refused(RefusalReason.PasskeysOff);
        if (!step.HasPasskey) throw Refusal.Refused(RefusalReason.PasskeyUnknown);
        var question = await passkeys.AskToShowAsync(step.UserId, context.GetHttpContext());
        await challenges.KeepAsync(PasskeyPurpose.Step, sha256, question.AssertionState!, "");
        return new() { Options = question.RequestOptionsJson };
    }

    public override async Task<StepDone> ProvePasskey(ProvePasskeyRequest request, ServerCallContext context) =>
        Answer(await provePasskey.RunAsync(request.Step, request.Answer, sources.Of(context, request.ClientAddress), context.GetHttpContext()));

    public override async Task<PasskeyQuestion> BeginNewPasskey(GetStepRequest request, ServerCallContext context)
    {
        var (sha256, step) = await FindAsync(request.Step);
        if (!passkeys.Offered) throw Refusal.Refused(RefusalReason.PasskeysOff);
        if (!step.MustEnrol) throw Refusal.Refused(RefusalReason.FactorExists);
        var question = await passkeys.AskToMakeAsync(step.UserId, step.UserName, step.DisplayName, context.GetHttpContext());
        await challenges.KeepAsync(PasskeyPurpose.Register, sha256, question.AttestationState!, "");
        return new() { Options = question.CreationOptionsJson };
    }

    public override async Task<StepDone> EnrolPasskey(EnrolPasskeyRequest request, ServerCallContext context) =>
        Answer(await enrolPasskey.RunAsync(request.Step, request.Answer, request.Name, sources.Of(context, request.ClientAddress), context.GetHttpContext()));

    internal static TotpEnrolment Message(byte[] secret, string userName)
    {
        var uri = AuthenticatorApp.Uri(secret, userName);
        var (path, size) = QrPath.Of(uri);
        return new() { Secret = AuthenticatorApp.Text(secret), Uri = uri, QrPath = path, QrSize = (uint)size };
    }

    private async Task<(byte[] Sha256, WaitingStep Step)> FindAsync(string token) =>
        OpaqueToken.TryHash(token, out var sha256) && await steps.FindAsync(sha256) is { } step ? (sha256, step) : throw Refusal.Refused(RefusalReason.StepExpired);

    internal static StepDone Answer(StepOutcome outcome) => outcome switch
    {
        StepOutcome.SignedIn done => new()
        {
            Token = done.Token, UserId = done.User.Id.ToString(), UserName = done.User.UserName, DisplayName = done.User.DisplayName,
            ExpiresAt = done.ExpiresAt.ToTimestamp(), Language = "pt-PT", RecoveryCodes = { done.RecoveryCodes },
        },
        StepOutcome.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
        _ => throw new InvalidOperationException($"unknown outcome {outcome}"),
    };
}
