namespace Montalegre.Vdi.Broker.Portal;

internal static class PortalSlice
{
    public static void AddPortalContent(this IServiceCollection services) => services.AddSingleton<ContentStore>();
}
