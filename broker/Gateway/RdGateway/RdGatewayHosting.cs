using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>What the RD Gateway is made of, beside what the RDP door brings.</summary>
internal static class RdGatewayHosting
{
    public static IServiceCollection AddRdGateway(this IServiceCollection services)
    {
        services.AddOptions<RdGatewayOptions>().BindConfiguration(RdGatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<RdGatewayOptions>, RdGatewayProblems>();
        services.AddSingleton<RdgPairs>();
        services.AddSingleton<RdgTunnels>();
        services.AddSingleton<RdgBasic>();
        services.AddSingleton<RdgProof>();
        services.AddSingleton<RdgConversation>();
        services.AddSingleton<RdgServing>();
        services.AddSingleton<RdGatewayDoor>();
        services.AddHostedService(s => s.GetRequiredService<RdgTunnels>());
        return services;
    }
}
