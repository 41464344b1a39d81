using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Html5.Printing;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>What desktops in the browser are made of, and where their socket is.</summary>
internal static class Html5Door
{
    public static IServiceCollection AddHtml5(this IServiceCollection services)
    {
        services.AddOptions<Html5Options>().BindConfiguration(Html5Options.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<Html5Options>, Html5Problems>();
        services.AddSingleton<WorkerGroups>();
        services.AddSingleton<WorkerProgram>();
        services.AddSingleton<PdfConverter>();
        services.AddSingleton<ResumeTokens>();
        services.AddSingleton<Desktops>();
        services.AddHostedService(s => s.GetRequiredService<Desktops>());
        services.AddSingleton<DesktopSocket>();
        services.AddHostedService<ProbeDesktops>();
        services.AddSingleton<AssistanceReports>();
        services.AddSingleton<AssistanceDesk>();
        services.AddSingleton<AssistSocket>();
        return services;
    }

    /// <summary>After the portal's guards: the socket needs the person that they recognised.</summary>
    public static void MapHtml5(this WebApplication app)
    {
        app.UseWebSockets();
        app.Map(DesktopSocket.Path, (HttpContext http, DesktopSocket socket) => socket.HandleAsync(http));
        app.Map(AssistSocket.Path, (HttpContext http, AssistSocket socket) => socket.HandleAsync(http));
    }
}
