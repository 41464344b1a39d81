using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Reports;

/// <summary>What happened over a time, counted and taken along.</summary>
internal static class ReportsSlice
{
    public static IServiceCollection AddReports(this IServiceCollection services, IConfiguration configuration) =>
        services.AddOptionsWithProblems<EnergyOptions>(configuration).AddSingleton<ReportStore>().AddSingleton<ExportIncident>().AddSingleton<EnergyStore>();

    public static IServiceCollection AddEnergyMeter(this IServiceCollection services) => services.AddHostedService<EnergyMeter>();

    public static void MapReports(this WebApplication app) => app.MapGrpcService<ReportsService>();
}
