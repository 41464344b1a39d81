using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;

namespace Montalegre.Vdi.Gateway.Hosting;

/// <summary>What the gateway is made of.</summary>
internal static class GatewayHosting
{
    /// <summary>The RDP door without a way to redeem tickets: the caller adds an <see cref="Tickets.ITicketRedeemer"/>, real or fake.</summary>
    public static IServiceCollection AddRdpDoor(this IServiceCollection services)
    {
        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, OptionsProblems>();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<AddressLimits>();
        services.AddSingleton<OpenConnections>();
        services.AddSingleton<ConnectionReports>();
        services.AddSingleton<DoorCertificate>();
        services.AddSingleton<MachineLeg>();
        services.AddSingleton<RdpDoor>();
        services.AddSingleton<RdpListener>();
        services.AddHostedService(s => s.GetRequiredService<RdpListener>());
        services.AddHostedService<IdleSweep>();
        return services;
    }

    public static void AddGateway(this WebApplicationBuilder builder)
    {
        builder.Services.AddRdpDoor();
    }
}
