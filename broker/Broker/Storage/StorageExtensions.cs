using Montalegre.Vdi.Broker.Hosting;
using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>Gives every slice its database.</summary>
internal static class StorageExtensions
{
    /// <summary>Key of a second, small data source for long lists and reports, so that they never starve brokering.</summary>
    public const string Reports = "reports";

    public static IServiceCollection AddStorage(this IServiceCollection services, IConfiguration configuration)
    {
        SqlTypes.Register();
        services.AddOptionsWithProblems<StorageOptions>(configuration);
        services.AddSingleton<DatabaseAddress>();
        services.AddSingleton<Migrator>();
        services.AddSingleton(s => DataSources.ForBrokering(s.GetRequiredService<DatabaseAddress>().App, Options(s).MaxConnections, s.GetService<ILoggerFactory>()));
        services.AddKeyedSingleton(Reports, (s, _) => DataSources.ForReports(s.GetRequiredService<DatabaseAddress>().App, s.GetService<ILoggerFactory>()));
        services.AddSingleton<OpeningGate>();
        services.AddSingleton<Database>();
        services.AddSingleton<PrivateCluster>();
        services.AddHostedService(s => s.GetRequiredService<PrivateCluster>());   // stops after every slice added later
        services.AddSingleton<ChangeStore>();
        services.AddSingleton<ChangePump>();
        services.AddHostedService(s => s.GetRequiredService<ChangePump>());
        services.AddSingleton<Lease>();
        services.AddSingleton<LeaseKeeper>();
        services.AddHostedService(s => s.GetRequiredService<LeaseKeeper>());
        services.AddStartUpStep("database", (s, ct) => s.GetRequiredService<PrivateCluster>().OpenAsync(ct));
        services.AddStartUpStep("database schema", (s, ct) => s.GetRequiredService<Migrator>().RunAsync(ct));
        return services;
    }

    private static StorageOptions Options(IServiceProvider services) =>
        services.GetRequiredService<Microsoft.Extensions.Options.IOptions<StorageOptions>>().Value;
}
