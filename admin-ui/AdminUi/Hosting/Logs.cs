using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>Two readers, as for the broker: a person at the console, a program at the JSON file.</summary>
internal static class Logs
{
    private const long LongestFile = 64 << 20;
    private const int FilesKept = 14;

    public static IServiceCollection AddLogs(this IServiceCollection services, IConfiguration configuration, ConsoleOptions options) => services.AddSerilog((all, logger) =>
    {
        logger
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
            .MinimumLevel.Override("Grpc", LogEventLevel.Warning)
            .ReadFrom.Configuration(configuration)
            .ReadFrom.Services(all)
            .WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        if (options.LogDirectory.Length == 0) return;
        logger.WriteTo.File(new CompactJsonFormatter(), Path.Combine(options.LogDirectory, "console-.json"),
            rollingInterval: RollingInterval.Day, fileSizeLimitBytes: LongestFile, rollOnFileSizeLimit: true, retainedFileCountLimit: FilesKept);
    }, preserveStaticLogger: true);
}
