using Grpc.AspNetCore.Server;

namespace Montalegre.Vdi.Broker.Identity;

internal static class IdentitySlice
{
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<IdentityOptions>(configuration.GetSection(IdentityOptions.Section));
        services.Configure<GrpcServiceOptions>(grpc => grpc.Interceptors.Add<BearerInterceptor>());
        return services
            .AddSingleton<PasswordQueue>()
            .AddSingleton<Passwords>()
            .AddSingleton<SignInThrottle>()
            .AddSingleton<SourceAddress>()
            .AddSingleton<SignInStore>()
            .AddSingleton<CallerDirectory>()
            .AddSingleton<BearerInterceptor>()
            .AddSingleton<SignInUser>()
            .AddSingleton<SignOutUser>();
    }
}
