namespace Montalegre.Vdi.Broker.Reports;

/// <summary>What happened over a time, counted and taken along.</summary>
internal static class ReportsSlice
{
    public static IServiceCollection AddReports(this IServiceCollection services) => services.AddSingleton<ReportStore>().AddSingleton<ExportIncident>();

    public static void MapReports(this WebApplication app) => app.MapGrpcService<ReportsService>();
}
