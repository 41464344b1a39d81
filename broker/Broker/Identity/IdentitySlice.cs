using Grpc.AspNetCore.Server;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity.Passkeys;
using Montalegre.Vdi.Broker.Identity.SecondFactor;

namespace Montalegre.Vdi.Broker.Identity;

internal static class IdentitySlice
{
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<IdentityOptions>(configuration);
        services.AddOptionsWithProblems<PasskeyOptions>(configuration);
        services.Configure<GrpcServiceOptions>(grpc => grpc.Interceptors.Add<BearerInterceptor>());
        return services
            .AddSingleton<PasswordQueue>()
            .AddSingleton<Passwords>()
            .AddSingleton<SignInThrottle>()
            .AddSingleton<SourceAddress>()
            .AddSingleton<SignInStore>()
            .AddSingleton<KeyCallers>()
            .AddSingleton<CallerDirectory>()
            .AddSingleton<ScopeStore>()
            .AddSingleton<RightsCheck>()
            .AddSingleton<BearerInterceptor>()
            .AddSingleton<CheckPassword>()
            .AddSingleton<SignInUser>()
            .AddSingleton<SignOutUser>()
            .AddSingleton<OwnSignIns>()
            .AddSingleton<StepStore>()
            .AddSingleton<FactorStore>()
            .AddSingleton<AppOffers>()
            .AddSingleton<BeginSecondStep>()
            .AddSingleton<StepTries>()
            .AddSingleton<ProveSecondStep>()
            .AddSingleton<PasskeyStore>()
            .AddSingleton<PasskeyChallenges>()
            .AddSingleton<PasskeyUsers>()
            .AddSingleton<PasskeyCeremony>()
            .AddSingleton<AddPasskey>()
            .AddSingleton<ProveByPasskey>()
            .AddSingleton<EnrolByPasskey>()
            .AddSingleton<SignInByPasskey>();
    }

    public static void MapIdentity(this WebApplication app)
    {
        app.MapGrpcService<SecondStepService>();
        app.MapGrpcService<FactorsService>();
        app.MapGrpcService<PasskeySignInService>();
    }
}
