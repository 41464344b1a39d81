using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>Puts the slice together.</summary>
internal static class GatewaysSlice
{
    public static IServiceCollection AddGateways(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<GatewayOptions>(configuration);
        services.AddSingleton<GatewayStore>();
        services.AddSingleton<GatewayDirectory>();
        services.AddSingleton<GatewayConversation>();
        services.AddSingleton<RedeemTicket>();
        services.AddSingleton<RecheckConnections>();
        services.AddSingleton<JoinGateway>();
        services.AddSingleton<CreateGatewayToken>();
        services.AddSingleton<ProbeStore>();
        services.AddHostedService<GatewaySweep>();
        services.AddHostedService<OrderProbes>();
        services.AddHostedService<OrderRechecks>();
        return services;
    }

    public static void MapGateways(this WebApplication app)
    {
        app.MapGrpcService<GatewayEnrolmentService>();
        app.MapGrpcService<GatewayChannelService>().OnChannel(PeerKind.Gateway);
    }
}
