using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Power;

internal static class PowerExtensions
{
    public static void AddPower(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<WakeOptions>(configuration);
        services.AddSingleton<PowerStore>().AddSingleton<CalendarStore>().AddSingleton<WakeStore>().AddSingleton<WakePackets>().AddSingleton<WakeComputer>();
    }
}
