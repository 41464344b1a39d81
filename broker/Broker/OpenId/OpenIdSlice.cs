using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.OpenId;

internal static class OpenIdSlice
{
    public static IServiceCollection AddOpenId(this IServiceCollection services, IConfiguration configuration) => services
        .AddOptionsWithProblems<OpenIdOptions>(configuration)
        .AddSingleton<OidcStore>()
        .AddSingleton<OidcPeopleStore>()
        .AddSingleton<FlowStore>()
        .AddSingleton<ProviderSessionStore>()
        .AddSingleton<ProviderClient>()
        .AddSingleton<TokenCheck>()
        .AddSingleton<BeginProviderSignIn>()
        .AddSingleton<FinishProviderSignIn>()
        .AddSingleton<ProviderSignOut>();

    public static void MapOpenId(this WebApplication app)
    {
        app.MapGrpcService<OidcProvidersService>();
        app.MapGrpcService<ProviderSignInService>();
    }
}
