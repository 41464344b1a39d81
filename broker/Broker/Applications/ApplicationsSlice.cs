namespace Montalegre.Vdi.Broker.Applications;

internal static class ApplicationsSlice
{
    public static void AddApplications(this IServiceCollection services) => services.AddSingleton<ApplicationStore>();
}
