using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Two readers: a person at the console, a program at the JSON file in the state directory.</summary>
internal static class Logs
{
    private const long LongestFile = 64 << 20;
    private const int FilesKept = 14;

    public static IServiceCollection AddLogs(this IServiceCollection services, IConfiguration configuration) => services.AddSerilog(logger =>
    {
        // Bound without validation: bad options must reach the report of all problems, not end here with the first.
        var hosting = HostingOptions.Unvalidated(configuration);
        logger
            .MinimumLevel.Is(hosting.LogLevel)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LevelAlias.Off)   // else every request makes an activity and a scope that nobody reads
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", hosting.LogLevel)
            .MinimumLevel.Override("Grpc", LogEventLevel.Warning)
            .MinimumLevel.Override("Npgsql", LogEventLevel.Fatal)          // its errors reach us as exceptions, and are logged once
            .WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        if (hosting.Problems().Any()) return;
        Directory.CreateDirectory(hosting.StateDirectory, HostingOptions.OwnerOnly);
        logger.WriteTo.File(new CompactJsonFormatter(), Path.Combine(hosting.StateDirectory, "log", "broker-.json"),
                rollingInterval: RollingInterval.Day, fileSizeLimitBytes: LongestFile, rollOnFileSizeLimit: true, retainedFileCountLimit: FilesKept,
                buffered: true, flushToDiskInterval: TimeSpan.FromSeconds(1));   // not one system call a line; the console has it at once
    }, preserveStaticLogger: true);

    /// <summary>Quiet while all is well; a slow or failed request says its path, never its query or body.</summary>
    public static void UseRequestLogs(this WebApplication app) => app.UseSerilogRequestLogging(o =>
    {
        o.GetLevel = (context, milliseconds, error) =>
            error is not null || context.Response.StatusCode >= 500 ? LogEventLevel.Warning
            : milliseconds > 1000 && context.Request.Protocol != "HTTP/2" ? LogEventLevel.Information
            : LogEventLevel.Debug;
        o.IncludeQueryInRequestPath = false;
    });
}
