using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.AuditTrail;

internal static class AuditTrailSlice
{
    /// <summary>What reading the record needs.</summary>
    public static IServiceCollection AddAuditTrail(this IServiceCollection services) => services
        .AddSingleton<PersonKeys>()
        .AddSingleton<PersonalTexts>()
        .AddSingleton<AuditFaults>()
        .AddSingleton<SigningKeys>()
        .AddSingleton<VerifyAudit>()
        .AddSingleton<ExportAudit>()
        .AddSingleton<ErasePerson>()
        .AddSingleton<SealAudit>();

    /// <summary>The leader's loops, which a whole broker has.</summary>
    public static IServiceCollection AddSealing(this IServiceCollection services, IConfiguration configuration) => services
        .AddOptionsWithProblems<AuditSyslogOptions>(configuration)
        .AddSingleton<AuditExportStore>()
        .AddSingleton<ExportToSyslog>()
        .AddHostedService<SealLoop>()
        .AddHostedService<SyslogLoop>();
}
