using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Administration;

internal static class AdministrationSlice
{
    public static IServiceCollection AddAdministration(this IServiceCollection services) => services
        .AddAuditTrail()
        .AddSingleton<AuditStore>()
        .AddSingleton<UserStore>()
        .AddSingleton<QuotaStore>()
        .AddSingleton<RoleStore>()
        .AddSingleton<ApiKeyStore>()
        .AddSingleton<MakeApiKey>()
        .AddSingleton<BreakGlassStore>()
        .AddSingleton<MakeBreakGlass>()
        .AddSingleton<GrantRole>()
        .AddSingleton<SetRole>()
        .AddSingleton<ConsoleCertificates>()
        .AddSingleton<SetUpStore>()
        .AddSingleton<SetUpToken>()
        .AddSingleton<SetUpFirstAdministrator>()
        .AddSingleton<ListUsers>()
        .AddSingleton<CreateUser>()
        .AddSingleton<SetPassword>()
        .AddSingleton<SetUserEnabled>()
        .AddSingleton<ResetFactors>()
        .AddStartUpStep("set-up link", (s, ct) => s.GetRequiredService<SetUpToken>().PrepareAsync(ct));

    public static void MapAdministration(this WebApplication app)
    {
        app.MapGrpcService<AdministratorsService>();
        app.MapGrpcService<UsersService>();
        app.MapGrpcService<RolesService>();
        app.MapGrpcService<ApiKeysService>();
        app.MapGrpcService<BreakGlassService>();
        app.MapGrpcService<AuditService>();
    }
}
