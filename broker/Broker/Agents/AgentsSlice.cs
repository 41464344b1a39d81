using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>Puts the slice together.</summary>
internal static class AgentsSlice
{
    public static IServiceCollection AddAgents(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<AgentOptions>(configuration);
        services.AddSingleton<AgentStore>();
        services.AddSingleton<AgentDirectory>();
        services.AddSingleton<AgentConversation>();
        services.AddSingleton<JoinTokens>();
        services.AddSingleton<JoinMachine>();
        services.AddSingleton<CommandEpoch>();
        services.AddSingleton<AgentWatch>();
        services.AddHostedService(s => s.GetRequiredService<AgentWatch>());
        return services;
    }

    public static void MapAgents(this WebApplication app)
    {
        app.MapGrpcService<AgentEnrolmentService>();
        app.MapGrpcService<AgentChannelService>().OnChannel(PeerKind.Machine);
    }
}
