namespace Montalegre.Vdi.Broker.Power;

internal static class PowerExtensions
{
    public static void AddPower(this IServiceCollection services) => services.AddSingleton<PowerStore>().AddSingleton<CalendarStore>();
}
