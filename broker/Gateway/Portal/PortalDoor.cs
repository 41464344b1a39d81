using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Gateway.RdGateway;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Portal.Hosting;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>
/// The portal as this gateway serves it: behind the same door as RDP, on an address of its own and wherever else pages are
/// served. Without <c>Portal:Broker</c> a gateway serves no pages, only RDP and RD Gateway.
/// </summary>
internal static class PortalDoor
{
    public static void AddPortalDoor(this WebApplicationBuilder builder)
    {
        if (!IsWanted(builder.Configuration)) return;

        builder.Services.AddOptions<PortalDoorOptions>().BindConfiguration(PortalDoorOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<PortalDoorOptions>, PortalDoorProblems>();
        if (!Has(builder.Configuration, nameof(PortalOptions.BrokerAuthority)))
        {
            builder.Services.AddSingleton<PortalBroker>();
            builder.Services.AddTransient(services => services.GetRequiredService<PortalBroker>().Client());
            builder.Services.AddTransient(services => services.GetRequiredService<PortalBroker>().SecondSteps());
            builder.Services.AddTransient(services => services.GetRequiredService<PortalBroker>().Factors());
            builder.Services.AddTransient(services => services.GetRequiredService<PortalBroker>().PasskeySignIns());
            builder.Services.AddTransient(services => services.GetRequiredService<PortalBroker>().Providers());
            builder.Services.AddTransient(services => services.GetRequiredService<PortalBroker>().Certificates());
        }
        builder.Services.AddPortal(builder.Configuration);
        builder.Services.AddHtml5();
        // A gateway whose tickets are answered in the process has no broker to be asked for help through.
        if (builder.Services.Any(service => service.ServiceType == typeof(BrokerLink)))
        {
            builder.Services.AddSingleton<AssistanceLink>();
            builder.Services.AddSingleton<IAssistanceBroker>(services => services.GetRequiredService<AssistanceLink>());
            builder.Services.AddHostedService(services => services.GetRequiredService<AssistanceLink>());
            builder.Services.AddOptions<CertificateDoorOptions>().BindConfiguration(CertificateDoorOptions.Section).ValidateOnStart();
            builder.Services.AddSingleton<IValidateOptions<CertificateDoorOptions>, CertificateDoorProblems>();
            builder.Services.AddSingleton<IConfigureOptions<KestrelServerOptions>, CertificateDoor>();
            builder.Services.AddOptions<PortalOptions>().PostConfigure<IOptions<CertificateDoorOptions>>((portal, certificates) =>
            {
                if (certificates.Value.IsOn) portal.CertificateAddress = certificates.Value.PublicAddress.Length > 0 ? certificates.Value.PublicAddress : $":{IPEndPoint.Parse(certificates.Value.Listen).Port}";
            });
        }
        builder.Services.AddOptions<PortalOptions>().PostConfigure<IOptions<GatewayOptions>, DoorCertificate, IOptions<RdGatewayOptions>, IOptions<Html5Options>>((portal, gateway, door, rdGateway, html5) =>
        {
            portal.RdGateway = rdGateway.Value.Enabled;
            portal.InBrowser = html5.Value.WorkerFolder.Length > 0;
            if (portal.KeyFolder.Length == 0) portal.KeyFolder = Path.Combine(gateway.Value.StateDirectory, "portal-keys");
            if (portal.RdpCertificateSha256.Length > 0) return;
            portal.RdpCertificateSha256 = door.Sha256;
            door.Replaced += () => portal.RdpCertificateSha256 = door.Sha256;
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<IConnectionListenerFactory, PagesTransport>();
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<PortalDoorOptions>>(Open);
    }

    public static void MapPortalDoor(this WebApplication app)
    {
        if (!IsWanted(app.Configuration)) return;
        if (app.Services.GetService<BrokerLink>() is not null) app.UseMiddleware<CertificatePages>();
        app.MapPortal();
        app.MapHtml5();
    }

    private static bool IsWanted(IConfiguration configuration) => Has(configuration, nameof(PortalOptions.Broker));

    private static bool Has(IConfiguration configuration, string option) => configuration[$"{PortalOptions.Section}:{option}"] is { Length: > 0 };

    private static void Open(KestrelServerOptions kestrel, IOptions<PortalDoorOptions> options)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = 64 * 1024;               // the portal's own forms are held to less
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 4 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.MaxConcurrentConnections = 10_000;
        kestrel.Listen(new DoorEndPoint(IPEndPoint.Parse(options.Value.Listen)), listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            // TLS ended at our own door. Kestrel must know that there was TLS, for addresses and HTTP/2, and not ask for it again.
            ConnectionDelegate? pages = null;
            listen.Use(_ => connection => pages!(connection));
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => throw new InvalidOperationException("TLS has ended at the door.") });
            listen.Use(next => pages = next);
        });
    }
}
