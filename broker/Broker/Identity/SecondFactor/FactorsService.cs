using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>The gRPC and REST face of a person's own second factors.</summary>
internal sealed class FactorsService(FactorStore store, AppOffers apps) : Factors.FactorsBase
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

    private async Task<FactorList> ListAsync(ServerCallContext context)
    {
        var own = await store.OwnAsync(context.Caller().User.Value);
        var answer = new FactorList { RecoveryCodesLeft = (uint)own.RecoveryCodes, Mandatory = own.Administrator };
        if (own.TotpSince is { } since) answer.TotpSince = Timestamp.FromDateTime(DateTime.SpecifyKind(since, DateTimeKind.Utc));
        return answer;
    }

    private async Task<Caller> FreshAsync(ServerCallContext context) =>
        await store.IsFreshAsync(context.Caller()) ? context.Caller() : throw Refusal.Refused(RefusalReason.SignInAgain);

    private static byte[] Holder(Caller caller) => Convert.FromHexString(caller.SignIn);
}
