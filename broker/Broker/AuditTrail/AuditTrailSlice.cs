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

    /// <summary>The leader's loop, which a whole broker has.</summary>
    public static IServiceCollection AddSealing(this IServiceCollection services) => services.AddHostedService<SealLoop>();
}
