namespace Montalegre.Vdi.Broker.Sites;

internal static class SitesSlice
{
    public static IServiceCollection AddSites(this IServiceCollection services) => services.AddSingleton<SiteStore>().AddSingleton<SetSite>();

    public static void MapSites(this WebApplication app) => app.MapGrpcService<SitesService>();
}
