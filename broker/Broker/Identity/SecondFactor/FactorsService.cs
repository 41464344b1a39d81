using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity.Passkeys;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>The gRPC and REST face of a person's own second factors.</summary>
internal sealed class FactorsService(FactorStore store, AppOffers apps, PasskeyStore passkeys, PasskeyChallenges challenges, PasskeyCeremony ceremony, AddPasskey addPasskey) : Factors.FactorsBase
{
    public override Task<FactorList> List(ListFactorsRequest request, ServerCallContext context) => ListAsync(context);

    public override async Task<TotpEnrolment> EnrolTotp(EnrolOwnTotpRequest request, ServerCallContext context)
    {
        var caller = await FreshAsync(context);
        if (await store.FindAppAsync(caller.User.Value) is not null) throw Refusal.Refused(RefusalReason.FactorExists);
        return SecondStepService.Message(await apps.OfferAsync(caller.User.Value, Holder(caller)), caller.UserName);
    }

    public override async Task<RecoveryCodes> ConfirmTotp(ConfirmOwnTotpRequest request, ServerCallContext context)
    {
        var caller = await FreshAsync(context);
        if (await apps.CheckOfferAsync(caller.User.Value, Holder(caller), RecoveryCode.Normalise(request.Code)) is not { } offer) throw Refusal.Refused(RefusalReason.CodeWrong);
        var codes = RecoveryCode.MakeAll();
        if (!await store.AddAsync(Proof.OfNewApp(caller.User.Value, Holder(caller), offer.Sealed, offer.Step, codes, only: false), caller)) throw Refusal.Refused(RefusalReason.FactorExists);
        return new() { Codes = { codes } };
    }

    public override async Task<FactorList> RemoveTotp(RemoveTotpRequest request, ServerCallContext context)
    {
        var caller = await FreshAsync(context);
        // Done already is done; only who must have one is told so.
        if (!await store.RemoveAppAsync(caller) && (await store.OwnAsync(caller.User.Value)) is { TotpSince: not null }) throw Refusal.Refused(RefusalReason.FactorMandatory);
        return await ListAsync(context);
    }

    public override async Task<RecoveryCodes> RenewRecoveryCodes(RenewRecoveryCodesRequest request, ServerCallContext context)
    {
        var caller = await FreshAsync(context);
        var codes = RecoveryCode.MakeAll();
        if (!await store.RenewCodesAsync(caller, codes)) throw Refusal.Refused(RefusalReason.NotFound, "totp");
        return new() { Codes = { codes } };
    }

    public override async Task<PasskeyQuestion> BeginPasskey(BeginOwnPasskeyRequest request, ServerCallContext context)
    {
        var caller = await FreshAsync(context);
        if (!ceremony.Offered) throw Refusal.Refused(RefusalReason.PasskeysOff);
        var question = await ceremony.AskToMakeAsync(caller.User.Value, caller.UserName, caller.DisplayName, context.GetHttpContext());
        await challenges.KeepAsync(PasskeyPurpose.Register, Holder(caller), question.AttestationState!, caller.SourceAddress);
        return new() { Options = question.CreationOptionsJson };
    }

    public override async Task<RecoveryCodes> AddPasskey(AddPasskeyRequest request, ServerCallContext context) =>
        await addPasskey.RunAsync(request.Answer, request.Name, await FreshAsync(context), context.GetHttpContext()) switch
        {
            PasskeyAdded.Done done => new() { Codes = { done.RecoveryCodes } },
            PasskeyAdded.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
            var outcome => throw new InvalidOperationException($"unknown outcome {outcome}"),
        };

    public override async Task<FactorList> RenamePasskey(RenamePasskeyRequest request, ServerCallContext context)
    {
        if (Identity.Passkeys.AddPasskey.NameOf(request.Name) is not { } name) throw Refusal.Refused(RefusalReason.InvalidField, "name");
        return Guid.TryParse(request.PasskeyId, out var passkey) && await passkeys.RenameAsync(passkey, name, context.Caller())
            ? await ListAsync(context)
            : throw Refusal.Refused(RefusalReason.NotFound, "passkey");
    }

    public override async Task<FactorList> RemovePasskey(RemovePasskeyRequest request, ServerCallContext context)
    {
        var caller = await FreshAsync(context);
        // Done already is done; only who must have one is told so.
        if (Guid.TryParse(request.PasskeyId, out var passkey) && !await store.RemovePasskeyAsync(passkey, caller) && (await passkeys.OfAsync(caller.User.Value)).Any(one => one.PasskeyId == passkey))
            throw Refusal.Refused(RefusalReason.FactorMandatory);
        return await ListAsync(context);
    }

    private async Task<FactorList> ListAsync(ServerCallContext context)
    {
        var user = context.Caller().User.Value;
        var own = await store.OwnAsync(user);
        var answer = new FactorList { PasskeyHost = ceremony.Host, RecoveryCodesLeft = (uint)own.RecoveryCodes, Mandatory = own.Administrator };
        if (own.TotpSince is { } since) answer.TotpSince = Stamp(since);
        answer.Passkeys.AddRange((await passkeys.OfAsync(user)).Select(Message));
        return answer;
    }

    private static Passkey Message(KeptPasskey kept)
    {
        var one = new Passkey { PasskeyId = kept.PasskeyId.ToString(), Name = kept.Name, Since = Stamp(kept.CreatedAt) };
        if (kept.LastUsedAt is { } at) one.LastUsed = Stamp(at);
        return one;
    }

    private static Timestamp Stamp(DateTime utc) => Timestamp.FromDateTime(DateTime.SpecifyKind(utc, DateTimeKind.Utc));

    private async Task<Caller> FreshAsync(ServerCallContext context) =>
        await store.IsFreshAsync(context.Caller()) ? context.Caller() : throw Refusal.Refused(RefusalReason.SignInAgain);

    private static byte[] Holder(Caller caller) => Convert.FromHexString(caller.SignIn);
}
