namespace Montalegre.Vdi.Broker.Machines;

internal static class MachinesExtensions
{
    public static void AddMachines(this IServiceCollection services)
    {
        services.AddSingleton<MachineStore>().AddSingleton<AssignmentStore>().AddSingleton<AddManualMachine>().AddSingleton<RestartManualMachine>().AddSingleton<RestartOwnMachine>();
        services.AddHostedService<WakeWaitingLaunches>();
    }
}
