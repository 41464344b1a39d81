namespace Montalegre.Vdi.Broker.Pools;

internal static class PoolsExtensions
{
    public static void AddPools(this IServiceCollection services) => services.AddSingleton<PoolAdminStore>();
}
