using Grpc.Core;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>One code is right, as an app's and as a recovery code.</summary>
internal sealed class FakeSecondStep(FakeWorld world) : SecondStep.SecondStepBase
{
    private const string Prefix = "step-";

    public override Task<PendingStep> Get(GetStepRequest request, ServerCallContext context) =>
        Task.FromResult(new PendingStep { Step = request.Step, MustEnrol = world.MustEnrol, UserName = PersonOf(request.Step), ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(10).ToTimestamp() });

    public override Task<TotpEnrolment> EnrolTotp(GetStepRequest request, ServerCallContext context)
    {
        PersonOf(request.Step);
        return Task.FromResult(new TotpEnrolment { Secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Uri = "otpauth://totp/Montalegre", QrPath = "M4 4h7v1H4zM4 10h7v1H4z", QrSize = 33 });
    }

    public override Task<StepDone> Prove(ProveRequest request, ServerCallContext context) => Task.FromResult(Enter(request));

    public override Task<StepDone> ConfirmTotp(ProveRequest request, ServerCallContext context)
    {
        var done = Enter(request);
        world.MustEnrol = false;
        done.RecoveryCodes.AddRange(Enumerable.Range(2, 8).Append(10).Append(11).Select(n => $"{n:x4}-bcdf-ghjk-mnpq"));
        return Task.FromResult(done);
    }

    private StepDone Enter(ProveRequest request)
    {
        var person = PersonOf(request.Step);
        return request.Code == FakeWorld.Code ? world.Enter(person) : throw FakeWorld.Refuse(StatusCode.InvalidArgument, ReasonCode.CodeWrong);
    }

    private static string PersonOf(string step) =>
        step.StartsWith(Prefix, StringComparison.Ordinal) ? step[Prefix.Length..] : throw FakeWorld.Refuse(StatusCode.Unauthenticated, ReasonCode.StepExpired);
}
