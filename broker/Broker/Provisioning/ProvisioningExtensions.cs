using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Provisioning;

internal static class ProvisioningExtensions
{
    public static void AddProvisioning(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<ProvisioningOptions>(configuration);
        services.AddSingleton<PoolStore>().AddSingleton<HostReadings>().AddSingleton<OperationStore>().AddSingleton<ReconcilePool>().AddSingleton<RecoveryStore>().AddSingleton<RecoverHosts>().AddSingleton<PlaceElsewhere>().AddSingleton<MoveStore>().AddSingleton<MoveMachine>().AddSingleton<PlanWakes>().AddSingleton<TakeStep>().AddSingleton<RunningStateStore>();
        services.AddHostedService<ProvisioningLoop>();
        services.AddHostedService<DriftSweep>();
        services.AddHostedService<KeepRunningStates>();
    }
}
