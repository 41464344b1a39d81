using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Montalegre.Vdi.Gateway.Hosting;

/// <summary>Two readers, as for the broker: a person at the console, a program at the JSON file in the state directory.</summary>
internal static class Logs
{
    private const long LongestFile = 64 << 20;
    private const int FilesKept = 14;

    public static IServiceCollection AddLogs(this IServiceCollection services, IConfiguration configuration) => services.AddSerilog(logger =>
    {
        logger
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
            .MinimumLevel.Override("Grpc", LogEventLevel.Warning)
            .ReadFrom.Configuration(configuration)
            .WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        // Bound without validation: bad options must reach the report of all problems, not end here with the first.
        var gateway = configuration.GetSection(GatewayOptions.Section).Get<GatewayOptions>() ?? new();
        if (gateway.Problems().Any()) return;
        // The identity lies beside it, so only our user may look in, whoever makes the directory first.
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(gateway.StateDirectory);
        else Directory.CreateDirectory(gateway.StateDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        logger.WriteTo.File(new CompactJsonFormatter(), Path.Combine(gateway.StateDirectory, "log", "gateway-.json"),
            rollingInterval: RollingInterval.Day, fileSizeLimitBytes: LongestFile, rollOnFileSizeLimit: true, retainedFileCountLimit: FilesKept);
    }, preserveStaticLogger: true);
}
