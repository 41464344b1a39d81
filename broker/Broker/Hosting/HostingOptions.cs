using System.Net;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Where this node listens and where it keeps what must outlive it.</summary>
internal sealed class HostingOptions : IOptionsWithProblems
{
    public static string SectionName => "Hosting";

    /// <summary>Mode of the directories that we make.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>API endpoint: admin/v1, Employee and the enrolment services.</summary>
    public string ApiListen { get; set; } = "127.0.0.1:7443";

    /// <summary>Channel endpoint: agents and gateways, mutual TLS.</summary>
    public string ChannelListen { get; set; } = "127.0.0.1:7444";

    /// <summary>Keys, certificates, logs and the private cluster.</summary>
    public string StateDirectory { get; set; } = DefaultStateDirectory();

    /// <summary>Verbose, Debug, Information, Warning or Error.</summary>
    public Serilog.Events.LogEventLevel LogLevel { get; set; } = Serilog.Events.LogEventLevel.Information;

    public IPEndPoint ApiEndPoint => IPEndPoint.Parse(ApiListen);

    public IPEndPoint ChannelEndPoint => IPEndPoint.Parse(ChannelListen);

    public IEnumerable<string> Problems()
    {
        foreach (var (key, value) in new[] { (nameof(ApiListen), ApiListen), (nameof(ChannelListen), ChannelListen) })
        {
            if (!IPEndPoint.TryParse(value, out var address) || !value.EndsWith($":{address.Port}", StringComparison.Ordinal))
                yield return $"{SectionName}:{key} is '{value}'; use an IP address and a port, for example 127.0.0.1:7443.";
        }
        if (ApiListen == ChannelListen && !ApiListen.EndsWith(":0", StringComparison.Ordinal))
            yield return $"{SectionName}:{nameof(ApiListen)} and {SectionName}:{nameof(ChannelListen)} are both {ApiListen}; use two ports.";
        if (!Path.IsPathFullyQualified(StateDirectory))
            yield return $"{SectionName}:{nameof(StateDirectory)} is '{StateDirectory}'; use an absolute path.";
    }

    /// <summary>The options as they are, for what is built before validation.</summary>
    public static HostingOptions Unvalidated(IConfiguration configuration) =>
        configuration.GetSection(SectionName).Get<HostingOptions>() ?? new HostingOptions();

    // systemd names the directory it made for the service; a person starting the broker by hand gets one below his home.
    private static string DefaultStateDirectory() =>
        Environment.GetEnvironmentVariable("STATE_DIRECTORY") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "montalegre-broker");
}
