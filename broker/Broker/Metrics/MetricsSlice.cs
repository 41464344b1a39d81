namespace Montalegre.Vdi.Broker.Metrics;

internal static class MetricsSlice
{
    public static void AddFleetMetrics(this IServiceCollection services)
    {
        services.AddSingleton<FleetStore>();
        services.AddSingleton<FleetMetrics>();
        services.AddHostedService(s => s.GetRequiredService<FleetMetrics>());
    }
}
