using System.Runtime.Versioning;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.OpenApi;

[assembly: SupportedOSPlatform("linux")]

namespace Montalegre.Vdi.Broker;

internal static class Program
{
    private const int BadConfiguration = 78;   // EX_CONFIG: systemd does not restart a service for it

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["openapi", var file]) return OpenApiSlice.Write(file);
        if (Environment.IsPrivilegedProcess)
        {
            await Console.Error.WriteLineAsync("The broker does not run as root. Start it as a user of its own, for example: setpriv --reuid=montalegre --regid=montalegre --init-groups -- montalegre-broker");
            return BadConfiguration;
        }
        if (arguments is ["db", .. var command]) return await DatabaseCommand.RunAsync(command);
        try
        {
            await using var app = BrokerApplication.Build(arguments);
            await app.RunAsync();
            return 0;
        }
        catch (Exception e) when (Problems(e) is { Count: > 0 } problems)
        {
            await Console.Error.WriteLineAsync("The broker cannot start:");
            foreach (var problem in problems) await Console.Error.WriteLineAsync($"- {problem}");
            return BadConfiguration;
        }
    }

    internal static List<string> Problems(Exception e) => e switch
    {
        OptionsValidationException options => [.. options.Failures],
        StartUpException start => [start.Message],
        InvalidOperationException binding when binding.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal) => [binding.Message],
        AggregateException all => [.. all.InnerExceptions.SelectMany(Problems)],
        _ => [],
    };
}
