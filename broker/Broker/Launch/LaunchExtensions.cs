using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Launch;

internal static class LaunchExtensions
{
    public static void AddLaunch(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<LaunchOptions>(configuration);
        services.AddSingleton<LaunchStore>().AddSingleton<GatewayDoors>().AddSingleton<LaunchDoorbell>().AddSingleton<LaunchDesktop>();
        services.AddSingleton<TraceStore>().AddSingleton<WhatIf>().AddSingleton<LaunchTraces>();
        services.AddHostedService(s => s.GetRequiredService<LaunchTraces>());
    }
}
