using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>Puts the slice together.</summary>
internal static class RolloutsSlice
{
    public static void AddRollouts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<RolloutOptions>(configuration);
        services.AddSingleton<RolloutStore>().AddSingleton<AdvanceRollout>();
        services.AddHostedService<RolloutLoop>();
    }
}
