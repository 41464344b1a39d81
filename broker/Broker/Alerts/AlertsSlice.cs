using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Alerts;

internal static class AlertsSlice
{
    public static IServiceCollection AddAlerts(this IServiceCollection services, IConfiguration configuration) => services
        .AddOptionsWithProblems<AlertsOptions>(configuration)
        .AddSingleton<AlertFacts>()
        .AddSingleton<AlertRuleStore>()
        .AddSingleton<AlertStore>()
        .AddSingleton<ApplyAlerts>()
        .AddSingleton<LookForAlerts>()
        .AddSingleton<AlertChannelStore>()
        .AddSingleton<AlertOutbox>()
        .AddSingleton<SendAlerts>()
        .AddSingleton<NodeBeat>()
        .AddHostedService(s => s.GetRequiredService<NodeBeat>())
        .AddHostedService<AlertLoop>()
        .AddHostedService<DeliveryLoop>();

    public static void MapAlerts(this WebApplication app) => app.MapGrpcService<AlertsService>();
}
