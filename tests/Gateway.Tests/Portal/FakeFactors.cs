using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The second step of whoever the fake broker asks for one; a single code is right, as an app's and as a recovery code.</summary>
internal sealed class FakeSecondStep(FakeBroker broker) : SecondStep.SecondStepBase
{
    public const string Code = "123456";
    public const string Secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

    public static TotpEnrolment Offer() => new() { Secret = Secret, Uri = $"otpauth://totp/maria?secret={Secret}", QrPath = "M4 4h7v1H4zM4 10h7v1H4z", QrSize = 33 };

    public static IEnumerable<string> Codes() => Enumerable.Range(0, 10).Select(n => $"{n}2{n}3-bcdf-ghjk-mnpq");

    public static RpcException Refuse(StatusCode status, ReasonCode reason) => new(new Status(status, "refused"), new Metadata { { "reason", Contracts.ReasonTexts.Name(reason) } });

    public override Task<PendingStep> Get(GetStepRequest request, ServerCallContext context) => Task.FromResult(broker.Step(PersonOf(request.Step)));

    public override Task<TotpEnrolment> EnrolTotp(GetStepRequest request, ServerCallContext context)
    {
        PersonOf(request.Step);
        return Task.FromResult(Offer());
    }

    public override Task<StepDone> Prove(ProveRequest request, ServerCallContext context) => Task.FromResult(Enter(request));

    public override Task<StepDone> ConfirmTotp(ProveRequest request, ServerCallContext context)
    {
        var done = Enter(request);
        (broker.MustEnrol, broker.HasApp) = (false, true);
        done.RecoveryCodes.AddRange(Codes());
        return Task.FromResult(done);
    }

    public override Task<PasskeyQuestion> BeginPasskey(GetStepRequest request, ServerCallContext context)
    {
        PersonOf(request.Step);
        return Task.FromResult(new PasskeyQuestion { Options = FakePasskeySignIn.Options });
    }

    public override Task<StepDone> ProvePasskey(ProvePasskeyRequest request, ServerCallContext context)
    {
        var person = PersonOf(request.Step);
        return Task.FromResult(Done(broker.Enter(request.Answer == FakePasskeySignIn.Answer ? person : throw Refuse(StatusCode.InvalidArgument, ReasonCode.PasskeyRefused))));
    }

    public override Task<PasskeyQuestion> BeginNewPasskey(GetStepRequest request, ServerCallContext context) => BeginPasskey(request, context);

    public override Task<StepDone> EnrolPasskey(EnrolPasskeyRequest request, ServerCallContext context)
    {
        var person = PersonOf(request.Step);
        if (request.Answer != FakePasskeySignIn.Answer) throw Refuse(StatusCode.InvalidArgument, ReasonCode.PasskeyRefused);
        (broker.MustEnrol, broker.HasPasskey) = (false, true);
        var done = Done(broker.Enter(person));
        done.RecoveryCodes.AddRange(Codes());
        return Task.FromResult(done);
    }

    private StepDone Enter(ProveRequest request)
    {
        var person = PersonOf(request.Step);
        if (request.Code.Replace(" ", "", StringComparison.Ordinal) != Code) throw Refuse(StatusCode.InvalidArgument, ReasonCode.CodeWrong);
        return Done(broker.Enter(person));
    }

    internal static StepDone Done(SignedIn entered)
    {
        return new()
        {
            Token = entered.Token, UserId = entered.UserId, UserName = entered.UserName, DisplayName = entered.DisplayName, ExpiresAt = entered.ExpiresAt, Language = entered.Language,
        };
    }

    private string PersonOf(string step) => broker.PersonOf(step) ?? throw Refuse(StatusCode.Unauthenticated, ReasonCode.StepExpired);
}

/// <summary>Passkeys of localhost. Nothing is verified here: one text is the right answer.</summary>
internal sealed class FakePasskeySignIn(FakeBroker broker) : PasskeySignIn.PasskeySignInBase
{
    public const string Options = """{"challenge":"AAAA","rpId":"localhost"}""";
    public const string Answer = "the right answer";
    private const string Challenge = "challenge-1";

    public override Task<PasskeyPlace> GetPlace(GetPasskeyPlaceRequest request, ServerCallContext context) => Task.FromResult(new PasskeyPlace { Host = "localhost" });

    public override Task<PasskeyQuestion> Begin(BeginPasskeySignInRequest request, ServerCallContext context) => Task.FromResult(new PasskeyQuestion { Options = Options, Challenge = Challenge });

    public override Task<StepDone> SignIn(PasskeySignInRequest request, ServerCallContext context) =>
        Task.FromResult(request is { Challenge: Challenge, AtConsole: false, Answer: Answer }
            ? FakeSecondStep.Done(broker.Enter("maria"))
            : throw FakeSecondStep.Refuse(StatusCode.InvalidArgument, ReasonCode.PasskeyUnknown));
}

internal sealed class FakeFactors(FakeBroker broker) : Factors.FactorsBase
{
    public override Task<FactorList> List(ListFactorsRequest request, ServerCallContext context)
    {
        broker.Check(context);
        var list = broker.HasApp ? new FactorList { TotpSince = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddDays(-3)), RecoveryCodesLeft = 9 } : new FactorList();
        if (broker.HasPasskey) list.Passkeys.Add(new Passkey { PasskeyId = "p-1", Name = "Telemóvel", Since = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddDays(-1)) });
        return Task.FromResult(list);
    }

    public override Task<PasskeyQuestion> BeginPasskey(BeginOwnPasskeyRequest request, ServerCallContext context)
    {
        Fresh(context);
        return Task.FromResult(new PasskeyQuestion { Options = FakePasskeySignIn.Options });
    }

    public override Task<RecoveryCodes> AddPasskey(AddPasskeyRequest request, ServerCallContext context)
    {
        Fresh(context);
        if (request.Answer != FakePasskeySignIn.Answer) throw FakeSecondStep.Refuse(StatusCode.InvalidArgument, ReasonCode.PasskeyRefused);
        broker.HasPasskey = true;
        return Task.FromResult(broker.HasApp ? new RecoveryCodes() : new RecoveryCodes { Codes = { FakeSecondStep.Codes() } });
    }

    public override Task<FactorList> RemovePasskey(RemovePasskeyRequest request, ServerCallContext context)
    {
        Fresh(context);
        broker.HasPasskey = request.PasskeyId != "p-1" && broker.HasPasskey;
        return Task.FromResult(new FactorList());
    }

    public override Task<TotpEnrolment> EnrolTotp(EnrolOwnTotpRequest request, ServerCallContext context)
    {
        Fresh(context);
        return Task.FromResult(FakeSecondStep.Offer());
    }

    public override Task<RecoveryCodes> ConfirmTotp(ConfirmOwnTotpRequest request, ServerCallContext context)
    {
        Fresh(context);
        if (request.Code != FakeSecondStep.Code) throw FakeSecondStep.Refuse(StatusCode.InvalidArgument, ReasonCode.CodeWrong);
        broker.HasApp = true;
        return Task.FromResult(new RecoveryCodes { Codes = { FakeSecondStep.Codes() } });
    }

    public override Task<FactorList> RemoveTotp(RemoveTotpRequest request, ServerCallContext context)
    {
        Fresh(context);
        broker.HasApp = false;
        return Task.FromResult(new FactorList());
    }

    public override Task<RecoveryCodes> RenewRecoveryCodes(RenewRecoveryCodesRequest request, ServerCallContext context)
    {
        Fresh(context);
        return Task.FromResult(new RecoveryCodes { Codes = { FakeSecondStep.Codes() } });
    }

    private void Fresh(ServerCallContext context)
    {
        broker.Check(context);
        if (broker.Stale) throw FakeSecondStep.Refuse(StatusCode.PermissionDenied, ReasonCode.SignInAgain);
    }
}
