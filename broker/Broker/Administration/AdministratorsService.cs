using System.Reflection;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Status = Montalegre.Vdi.Contracts.Admin.V1.Status;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>The gRPC face of set-up and of the administrators' sign-in.</summary>
internal sealed class AdministratorsService(SetUpStore setUp, SetUpFirstAdministrator firstAdministrator, SignInUser signIn, SignOutUser signOut, ConsoleCertificates certificates, SourceAddress source)
    : Administrators.AdministratorsBase
{
    private static readonly string Version =
        typeof(AdministratorsService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public override async Task<Status> GetStatus(GetStatusRequest request, ServerCallContext context) =>
        new() { SetUpDone = await setUp.HasAdministratorAsync(context.CancellationToken), Version = Version };

    public override async Task<AdministratorSignInResponse> SetUp(SetUpRequest request, ServerCallContext context) =>
        Answer(await firstAdministrator.RunAsync(request.Token, request.UserName, request.DisplayName, request.Password, source.Of(context, ""), context.CancellationToken));

    public override async Task<AdministratorSignInResponse> SignIn(AdministratorSignInRequest request, ServerCallContext context) =>
        Answer(await signIn.RunAsync(request.UserName, request.Password, Audience.Administrator, source.Of(context, request.ClientAddress), client: "", context.CancellationToken));

    public override async Task<AdministratorSignOutResponse> SignOut(AdministratorSignOutRequest request, ServerCallContext context)
    {
        await signOut.RunAsync(context.Caller());
        return new();
    }

    public override async Task<ReportCertificateResponse> ReportCertificate(ReportCertificateRequest request, ServerCallContext context)
    {
        if (request.Name.Length is 0 or > 100 || request.Name.Any(char.IsControl)) throw Refusal.Refused(RefusalReason.InvalidField, "name: 1 to 100 characters");
        if (request.Subject.Length > 200 || request.Subject.Any(char.IsControl)) throw Refusal.Refused(RefusalReason.InvalidField, "subject: at most 200 characters");
        if (request.NotAfter is not { } until) throw Refusal.Refused(RefusalReason.InvalidField, "not_after");
        await certificates.KeepAsync(request.Name, request.Subject, until.ToDateTimeOffset());
        return new();
    }

    private static AdministratorSignInResponse Answer(SignInOutcome outcome) => outcome switch
    {
        SignInOutcome.SecondStep step => new() { SecondStep = step.ToMessage() },
        SignInOutcome.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
        _ => throw new InvalidOperationException($"unknown outcome {outcome}"),
    };
}
