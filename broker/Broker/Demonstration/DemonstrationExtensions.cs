using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Demonstration;

internal static class DemonstrationExtensions
{
    public static void AddDemonstration(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<DemonstrationOptions>(configuration);
        services.AddHostedService<MakeDemonstration>();
    }
}
