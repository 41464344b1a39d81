using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>The gRPC and REST face of signing in with a certificate, for portal and console alike.</summary>
internal sealed class CertificateSignInService(SignInAuthorityStore authorities, BeginCertificateSignIn begin, FinishCertificateSignIn finish, SourceAddress sources) : CertificateSignIn.CertificateSignInBase
{
    private const int LongestBack = 2048;

    public override async Task<CertificatePlace> GetPlace(GetCertificatePlaceRequest request, ServerCallContext context) => new() { Offered = await authorities.AnyAsync() };

    public override async Task<BeginCertificateSignInResponse> Begin(BeginCertificateSignInRequest request, ServerCallContext context)
    {
        if (request.Back.Length > LongestBack) throw Refusal.Refused(RefusalReason.InvalidField, "back");
        var (state, browser, refused) = await begin.RunAsync(AudienceOf(request.Console), request.Back, request.Browser, sources.Of(context, request.ClientAddress));
        return refused is { } reason ? throw Refusal.Refused(reason) : new() { State = state, Browser = browser };
    }

    public override async Task<FinishCertificateSignInResponse> Finish(FinishCertificateSignInRequest request, ServerCallContext context)
    {
        var (outcome, back) = await finish.RunAsync(request.HandOver, request.Browser, AudienceOf(request.Console), sources.Of(context, request.ClientAddress), request.ClientName);
        return outcome switch
        {
            SignInOutcome.SignedIn done => new() { SignedIn = done.ToMessage(), Back = back },
            SignInOutcome.SecondStep step => new() { SecondStep = step.ToMessage(), Back = back },
            SignInOutcome.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
            _ => throw new InvalidOperationException($"unknown outcome {outcome}"),
        };
    }

    private static Audience AudienceOf(bool console) => console ? Audience.Administrator : Audience.Employee;
}
