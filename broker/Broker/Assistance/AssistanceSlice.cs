using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>Puts the slice together.</summary>
internal static class AssistanceSlice
{
    public static IServiceCollection AddAssistance(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<AssistanceOptions>(configuration);
        services.AddSingleton<AssistanceStore>();
        services.AddSingleton<OwnAssistances>();
        services.AddSingleton<AskForAssistance>();
        services.AddSingleton<RedeemAssistance>();
        services.AddHostedService<AssistanceSweep>();
        return services;
    }

    public static void MapAssistance(this WebApplication app)
    {
        app.MapGrpcService<AssistancesService>();
        app.MapGrpcService<GatewayAssistanceService>().OnChannel(PeerKind.Gateway);
    }
}
