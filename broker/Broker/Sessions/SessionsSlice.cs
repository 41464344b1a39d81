using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Puts the slice together.</summary>
internal static class SessionsSlice
{
    public static IServiceCollection AddSessions(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<SessionOptions>(configuration);
        services.AddSingleton<SessionStore>();
        services.AddSingleton<EndSession>();
        services.AddSingleton<IdleReports>();
        services.AddSingleton<SessionOrder>();
        services.AddSingleton<LogOffSession>();
        services.AddSingleton<DisconnectSession>();
        services.AddSingleton<MessageSession>();
        services.AddSingleton<LockSessions>();
        services.AddSingleton<StartPrograms>();
        services.AddSingleton<RemoveCard>();
        services.AddSingleton<ReturnCard>();
        services.AddSingleton<IGuestReports, GuestReports>();
        services.AddSingleton<TimeOutSessions>();
        services.AddSingleton<GreetSessions>();
        services.AddSingleton<SessionSweep>();
        services.AddHostedService(s => s.GetRequiredService<SessionSweep>());
        return services;
    }
}
