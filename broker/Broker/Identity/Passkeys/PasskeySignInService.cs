using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>The gRPC and REST face of a sign-in by a passkey alone.</summary>
internal sealed class PasskeySignInService(PasskeyCeremony ceremony, PasskeyChallenges challenges, SignInByPasskey signIn, SourceAddress sources) : PasskeySignIn.PasskeySignInBase
{
    public override Task<PasskeyPlace> GetPlace(GetPasskeyPlaceRequest request, ServerCallContext context) => Task.FromResult(new PasskeyPlace { Host = ceremony.Host });

    public override async Task<PasskeyQuestion> Begin(BeginPasskeySignInRequest request, ServerCallContext context)
    {
        if (!ceremony.Offered) throw Refusal.Refused(RefusalReason.PasskeysOff);
        var token = OpaqueToken.Make();
        var question = await ceremony.AskToShowAsync(null, context.GetHttpContext());
        return await challenges.KeepAsync(PasskeyPurpose.Alone, token.Sha256, question.AssertionState!, sources.Of(context, request.ClientAddress))
            ? new() { Options = question.RequestOptionsJson, Challenge = token.Text }
            : throw Refusal.Refused(RefusalReason.SignInBusy);
    }

    public override async Task<StepDone> SignIn(PasskeySignInRequest request, ServerCallContext context) => SecondStepService.Answer(await signIn.RunAsync(
        request.Challenge, request.Answer, request.AtConsole ? Audience.Administrator : Audience.Employee, request.ClientName, sources.Of(context, request.ClientAddress), context.GetHttpContext()));
}
