using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.FrontEnd;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Portal;
using Montalegre.Vdi.Gateway.RdGateway;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Gateway.Tickets;

namespace Montalegre.Vdi.Gateway.Hosting;

/// <summary>What the gateway is made of.</summary>
internal static class GatewayHosting
{
    /// <summary>The door for RDP and RD Gateway, without a way to redeem tickets: the caller adds an <see cref="ITicketRedeemer"/>, real or fake.</summary>
    public static IServiceCollection AddRdpDoor(this IServiceCollection services)
    {
        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, OptionsProblems>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<AddressLimits>();
        services.AddSingleton<OpenConnections>();
        services.AddSingleton<ConnectionReports>();
        services.AddSingleton<ProbeOrders>();
        services.AddSingleton<DoorCertificate>();
        services.AddSingleton<MachineLeg>();
        services.AddSingleton<RefusalScreen>();
        services.AddSingleton<EmployeeApi>();
        services.AddSingleton<PasswordDoor>();
        services.AddSingleton<RdpDoor>();
        services.AddRdGateway();
        services.AddSingleton<PagesQueue>();
        services.AddSingleton<TlsDoor>();
        services.AddSingleton<Reception>();
        services.AddSingleton<DoorListener>();
        services.AddHostedService(s => s.GetRequiredService<DoorListener>());
        services.AddHostedService<CertificateWatch>();
        services.AddHostedService<IdleSweep>();
        services.AddSingleton<RightsSweep>();
        services.AddHostedService(s => s.GetRequiredService<RightsSweep>());
        return services;
    }

    /// <summary>Joining, tickets and reports. Before the door in registration, so that it stops after the door.</summary>
    public static IServiceCollection AddBroker(this IServiceCollection services)
    {
        services.AddSingleton<BrokerLink>();
        services.AddHostedService(s => s.GetRequiredService<BrokerLink>());
        services.AddHostedService<ReportStream>();
        services.AddSingleton<ITicketRedeemer, BrokerTicketRedeemer>();
        return services;
    }

    public static void AddGateway(this WebApplicationBuilder builder)
    {
        builder.Services.AddBroker();
        builder.Services.AddRdpDoor();
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<GatewayOptions>>(
            static (host, gateway) => host.ShutdownTimeout = (gateway.Value.StopGrace * 2) + TimeSpan.FromSeconds(10));
    }
}
