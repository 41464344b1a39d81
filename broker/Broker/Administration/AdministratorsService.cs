using System.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Status = Montalegre.Vdi.Contracts.Admin.V1.Status;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>The gRPC face of set-up and of the administrators' sign-in.</summary>
internal sealed class AdministratorsService(SetUpStore setUp, SetUpFirstAdministrator firstAdministrator, SignInUser signIn, SignOutUser signOut, SourceAddress source)
    : Administrators.AdministratorsBase
{
    private static readonly string Version =
        typeof(AdministratorsService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public override async Task<Status> GetStatus(GetStatusRequest request, ServerCallContext context) =>
        new() { SetUpDone = await setUp.HasAdministratorAsync(context.CancellationToken), Version = Version };

    public override async Task<AdministratorSignedIn> SetUp(SetUpRequest request, ServerCallContext context) =>
        Answer(await firstAdministrator.RunAsync(request.Token, request.UserName, request.DisplayName, request.Password, source.Of(context, ""), context.CancellationToken));

    public override async Task<AdministratorSignedIn> SignIn(AdministratorSignInRequest request, ServerCallContext context) =>
        Answer(await signIn.RunAsync(request.UserName, request.Password, Audience.Administrator, source.Of(context, request.ClientAddress), context.CancellationToken));

    public override async Task<AdministratorSignOutResponse> SignOut(AdministratorSignOutRequest request, ServerCallContext context)
    {
        await signOut.RunAsync(context.Caller());
        return new();
    }

    private static AdministratorSignedIn Answer(SignInOutcome outcome) => outcome switch
    {
        SignInOutcome.SignedIn done => new()
        {
            Token = done.Token,
            UserId = done.User.Id.ToString(),
            UserName = done.User.UserName,
            DisplayName = done.User.DisplayName,
            ExpiresAt = done.ExpiresAt.ToTimestamp(),
        },
        SignInOutcome.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
        _ => throw new InvalidOperationException($"unknown outcome {outcome}"),
    };
}
