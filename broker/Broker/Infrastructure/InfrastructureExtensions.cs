namespace Montalegre.Vdi.Broker.Infrastructure;

internal static class InfrastructureExtensions
{
    public static void AddInfrastructure(this IServiceCollection services) => services.AddSingleton<HostStore>().AddSingleton<TestHost>();
}
