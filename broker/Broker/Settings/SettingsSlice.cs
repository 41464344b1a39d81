using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Settings;

internal static class SettingsSlice
{
    /// <summary>Right after the database: what later start-up steps and services read is what the console set.</summary>
    public static IServiceCollection AddSettings(this IServiceCollection services) => services
        .AddSingleton<SettingSources>()
        .AddSingleton<SettingStore>()
        .AddSingleton<LiveSettings>()
        .AddSingleton<ChangeSettings>()
        .AddHostedService<SettingsLoop>()
        .AddStartUpStep("settings", (s, ct) => s.GetRequiredService<LiveSettings>().LoadAsync(ct));

    public static void MapSettings(this WebApplication app) => app.MapGrpcService<SettingsService>();
}
