using System.Runtime.Versioning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Sessions;

namespace Montalegre.Vdi.Agent.Windows;

/// <summary>The agent as a Windows service; from a console it runs until Ctrl-C.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsHost(AgentOptions options, IReadOnlyList<string> problems, ILoggerFactory loggers) : BackgroundService
{
    public static async Task<int> RunAsync(AgentOptions options, IReadOnlyList<string> problems)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddWindowsService(service => service.ServiceName = "Montalegre VDI agent");
        builder.Services.AddHostedService(services => new WindowsHost(options, problems, services.GetRequiredService<ILoggerFactory>()));
        await builder.Build().RunAsync();
        return 0;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var log = loggers.CreateLogger("Montalegre.Vdi.Agent");
        foreach (var problem in problems) log.SettingIgnored(problem);
        var outbox = new Outbox();
        var time = TimeProvider.System;
        await RunAgent.RunAsync(new WindowsGuest(options, time, log), outbox, new SessionBoard(outbox, time, log), options, time, log, stoppingToken);
    }
}
