namespace Montalegre.Vdi.Broker.Hypervisors;

internal static class HypervisorsExtensions
{
    public static void AddHypervisors(this IServiceCollection services) => services
        .AddSingleton<Func<HypervisorHost, IHypervisor>>(all => host => ActivatorUtilities.CreateInstance<LibvirtHypervisor>(all, host))
        .AddSingleton<HypervisorDirectory>();
}
