using Grpc.AspNetCore.Server;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Identity;

internal static class IdentitySlice
{
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<IdentityOptions>(configuration);
        services.Configure<GrpcServiceOptions>(grpc => grpc.Interceptors.Add<BearerInterceptor>());
        return services
            .AddSingleton<PasswordQueue>()
            .AddSingleton<Passwords>()
            .AddSingleton<SignInThrottle>()
            .AddSingleton<SourceAddress>()
            .AddSingleton<SignInStore>()
            .AddSingleton<CallerDirectory>()
            .AddSingleton<ScopeStore>()
            .AddSingleton<RightsCheck>()
            .AddSingleton<BearerInterceptor>()
            .AddSingleton<CheckPassword>()
            .AddSingleton<SignInUser>()
            .AddSingleton<SignOutUser>()
            .AddSingleton<OwnSignIns>();
    }
}
