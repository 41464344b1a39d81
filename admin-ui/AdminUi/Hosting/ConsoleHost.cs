using System.Globalization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Pages.Audit;
using Montalegre.Vdi.AdminUi.Pages.Images;
using Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;
using Montalegre.Vdi.AdminUi.Pages.Reports;
using Montalegre.Vdi.AdminUi.Pages.Sessions;
using Montalegre.Vdi.AdminUi.SignIn;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Telemetry;
using MudBlazor;
using MudBlazor.Services;

namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>Builds the console; the program and the tests start the same one.</summary>
internal static class ConsoleHost
{
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(ConsoleHost).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseStaticWebAssets();
        adjust?.Invoke(builder);
        var options = builder.Configuration.GetSection(ConsoleOptions.Section).Get<ConsoleOptions>() ?? new();
        builder.Services.AddLogs(builder.Configuration, options);
        builder.Services.AddTelemetry(builder.Configuration, "montalegre-console", "Montalegre.Vdi.AdminUi");
        AddListening(builder, options);
        AddSignIn(builder, options);

        builder.Services.AddOptions<ConsoleOptions>().BindConfiguration(ConsoleOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ConsoleOptions>, ConsoleOptionsValidator>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<BrokerChannel>();
        builder.Services.AddSingleton<LiveFeeds>();
        builder.Services.AddScoped<Broker>();
        builder.Services.AddScoped<Language>();
        builder.Services.AddScoped<Ask>();
        builder.Services.AddScoped<PoolDrafts>();
        builder.Services.AddScoped<MudLocalizer, MudWords>();
        builder.Services.AddMudServices(mud =>
        {
            mud.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomCenter;
            mud.SnackbarConfiguration.PreventDuplicates = false;
            mud.SnackbarConfiguration.VisibleStateDuration = 8000;
        });
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(2);
            circuits.DetailedErrors = builder.Environment.IsDevelopment();
        });

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(() => app.Logger.ConsoleStarts(options.BrokerAddress));
        app.Lifetime.ApplicationStopping.Register(() => app.Services.GetRequiredService<LiveFeeds>().Dispose());
        app.UseExceptionHandler("/problem", createScopeForErrors: true);
        app.UseStatusCodePagesWithReExecute("/problem", "?status={0}", createScopeForStatusCodePages: true);
        app.UseGetForProblemPage();
        app.UseSecurityHeaders();
        app.UseRequestLocalization(Languages());
        app.UseWebSockets();
        app.UseCircuitOriginCheck();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapStaticAssets().AllowAnonymous();
        app.MapSignIn();
        app.MapPreferences();
        app.MapAssistanceOpening();
        app.MapImports();
        app.MapAuditExport();
        app.MapIncidentExport();
        // The middleware above sends the frame rule for every answer; two copies of it would only differ one day.
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(mode => mode.ContentSecurityFrameAncestorsPolicy = null);
        return app;
    }

    // The page about a refused form is no form itself: run as a post it would be refused for the same reason again.
    private static void UseGetForProblemPage(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Features.Get<IExceptionHandlerFeature>() is not null || context.Features.Get<IStatusCodeReExecuteFeature>() is not null)
            context.Request.Method = HttpMethods.Get;
        return next(context);
    });

    private static void AddListening(WebApplicationBuilder builder, ConsoleOptions options)
    {
        builder.WebHost.UseUrls(options.Urls);
        // Left to the options check when the file is not there, so that the reader sees every problem at once.
        if (!File.Exists(options.CertificatePath)) return;
        builder.Services.AddSingleton<ConsoleCertificate>();
        builder.Services.AddSingleton<CertificateReport>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ConsoleCertificate>());
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var certificate = kestrel.ApplicationServices.GetRequiredService<ConsoleCertificate>();
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
            kestrel.ConfigureHttpsDefaults(https =>
            {
                https.ServerCertificate = certificate.Now.TargetCertificate;
                https.OnAuthenticate = (_, tls) => tls.ServerCertificateContext = certificate.Now;
                https.ClientCertificateMode = ClientCertificateMode.NoCertificate;
            });
        });
    }

    private static void AddSignIn(WebApplicationBuilder builder, ConsoleOptions options)
    {
        var protection = builder.Services.AddDataProtection().SetApplicationName("montalegre-console");
        if (options.KeysPath.Length > 0) protection.PersistKeysToFileSystem(new DirectoryInfo(options.KeysPath));
        else protection.UseEphemeralDataProtectionProvider();
        builder.Services.AddConsoleCookies();
        builder.Services.AddCascadingAuthenticationState();
    }

    private static RequestLocalizationOptions Languages()
    {
        var options = new RequestLocalizationOptions()
            .AddSupportedCultures(Language.Known)
            .AddSupportedUICultures(Language.Known)
            .SetDefaultCulture(Language.Known[0]);
        CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.GetCultureInfo(Language.Known[0]);
        options.RequestCultureProviders = [new CookieRequestCultureProvider { CookieName = Language.Cookie }];
        return options;
    }
}
