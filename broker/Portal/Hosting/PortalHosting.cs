using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Portal.Account;
using Montalegre.Vdi.Portal.App;
using Montalegre.Vdi.Portal.Assist;
using Montalegre.Vdi.Portal.Connect;
using Montalegre.Vdi.Portal.Desktops;
using Montalegre.Vdi.Portal.InBrowser;
using Montalegre.Vdi.Portal.Languages;
using Montalegre.Vdi.Portal.LogOff;
using Montalegre.Vdi.Portal.Pages;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>The two calls a host makes to carry the employees' portal.</summary>
public static class PortalHosting
{
    /// <summary>
    /// Registers the portal. A host that has its own authenticated way to the broker registers an
    /// <c>Employee.EmployeeClient</c> and the clients of the second factor before; else the portal makes one from its options.
    /// </summary>
    public static IServiceCollection AddPortal(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PortalOptions>().Bind(configuration.GetSection(PortalOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PortalOptions>, PortalOptionsProblems>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<BrokerChannel>();
        services.TryAddSingleton(provider => provider.GetRequiredService<BrokerChannel>().Client);
        services.TryAddSingleton(provider => provider.GetRequiredService<BrokerChannel>().SecondSteps);
        services.TryAddSingleton(provider => provider.GetRequiredService<BrokerChannel>().Factors);
        services.TryAddSingleton(provider => provider.GetRequiredService<BrokerChannel>().PasskeySignIns);
        services.TryAddSingleton(provider => provider.GetRequiredService<BrokerChannel>().Providers);
        services.TryAddSingleton(provider => provider.GetRequiredService<BrokerChannel>().Certificates);
        services.AddSingleton<PortalAssets>();
        services.AddSingleton<LaunchHandles>();
        services.AddSingleton<BrokerCalls>();
        services.AddSingleton<FactorCalls>();
        services.AddSingleton<PasskeyCalls>();
        services.AddSingleton<ProviderCalls>();
        services.AddSingleton<CertificateCalls>();
        services.AddSingleton<TicketDesk>();
        services.AddSingleton<RdpSigning>();

        services.AddRazorComponents();
        services.AddDataProtection().SetApplicationName("montalegre-portal");
        services.AddOptions<KeyManagementOptions>()
            .Configure<IOptions<PortalOptions>, ILoggerFactory>((keys, portal, logs) =>
            {
                if (portal.Value.KeyFolder is { Length: > 0 } folder)
                    keys.XmlRepository = new FileSystemXmlRepository(ForOwnerOnly(folder), logs);
            });

        services.AddAuthentication(PortalSession.Scheme).AddCookie(PortalSession.Scheme, PortalSession.Configure);
        services.AddAuthorization();
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "__Host-montalegre-form";
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.Always;
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.HttpOnly = true;
            antiforgery.Cookie.Path = "/";
            antiforgery.SuppressXFrameOptionsHeader = true;   // frame-ancestors says it already
        });
        return services;
    }

    /// <summary>Puts the portal's guards and pages into the pipeline. Every address it does not know answers its own "not found".</summary>
    public static WebApplication MapPortal(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<Failures>();
        app.UseMiddleware<SameOrigin>();
        app.UseAuthentication();
        app.UseAuthorization();

        var portal = app.MapGroup("");
        AssetEndpoints.Map(portal);
        LanguageEndpoints.Map(portal);
        SignInEndpoints.Map(portal);
        SecondStepEndpoints.Map(portal);
        PasskeyEndpoints.Map(portal);
        ProviderEndpoints.Map(portal);
        CertificateEndpoints.Map(portal);
        DesktopsEndpoints.Map(portal);
        ConnectEndpoints.Map(portal);
        LogOffEndpoints.Map(portal);
        AccountEndpoints.Map(portal);
        FactorEndpoints.Map(portal);
        OwnPasskeyEndpoints.Map(portal);
        InBrowserEndpoints.Map(portal);
        AssistEndpoints.Map(portal);
        AppEndpoints.Map(portal);
        portal.MapFallback(static (HttpContext http) => MessagePage.NotFound(http));
        return app;
    }

    // Who reads these keys can make anybody's cookie.
    private static DirectoryInfo ForOwnerOnly(string folder) => OperatingSystem.IsWindows()
        ? Directory.CreateDirectory(folder)
        : Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
}
