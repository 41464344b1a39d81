using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>How machines are made.</summary>
internal sealed class ProvisioningOptions : IOptionsWithProblems
{
    /// <inheritdoc />
    public static string SectionName => "Provisioning";

    /// <summary>How many machines of one host may start at once before any start on it was measured.</summary>
    public int ParallelPerHost { get; set; } = 4;

    /// <summary>How many machines of one host may start at once at most, however well it goes.</summary>
    public int MostParallelPerHost { get; set; } = 16;

    /// <summary>How often the sweep compares wanted and actual when no event asks for it.</summary>
    public TimeSpan Sweep { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A machine beyond its pool's spare goes when nobody has needed it for that long.</summary>
    public TimeSpan ShrinkAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Where machines reach this broker's enrolment endpoint; needed before the first machine can be made or added.</summary>
    public string EnrolmentUrl { get; set; } = "";

    /// <summary>Where machines reach this broker's mutual-TLS endpoint.</summary>
    public string ChannelUrl { get; set; } = "";

    /// <summary>First loopback port that user-mode networking forwards to a machine's RDP server.</summary>
    public int FirstForwardedPort { get; set; } = 23000;

    /// <summary>How long a machine's join token is good for; it is used once, within the first boot.</summary>
    public TimeSpan JoinTokenLifetime { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Between what the pace of a host moves.</summary>
    public PaceBounds Pace => new(ParallelPerHost, Math.Max(ParallelPerHost, MostParallelPerHost));

    /// <summary>The document with which a machine joins.</summary>
    /// <exception cref="StepFailedException">The addresses are not configured.</exception>
    public JoinDocument JoinDocument(MachineId machine, string authoritySha256, string token) =>
        EnrolmentUrl.Length > 0 && ChannelUrl.Length > 0
            ? new(machine.Value, new(EnrolmentUrl), new(ChannelUrl), authoritySha256, token)
            : throw new StepFailedException(RefusalReason.ProvisioningFailed, $"Set {SectionName}:{nameof(EnrolmentUrl)} and {SectionName}:{nameof(ChannelUrl)} to the addresses at which machines reach this broker.");

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        if (ParallelPerHost is < 1 or > 256) yield return $"{SectionName}:{nameof(ParallelPerHost)} is {ParallelPerHost}; use 1 to 256.";
        if (MostParallelPerHost is < 1 or > 256) yield return $"{SectionName}:{nameof(MostParallelPerHost)} is {MostParallelPerHost}; use 1 to 256.";
        if (Sweep < TimeSpan.FromSeconds(1)) yield return $"{SectionName}:{nameof(Sweep)} is {Sweep}; use 1 second or more.";
        if (ShrinkAfter < TimeSpan.Zero) yield return $"{SectionName}:{nameof(ShrinkAfter)} is {ShrinkAfter}; use 0 or more.";
        if (FirstForwardedPort is < 1024 or > 60000) yield return $"{SectionName}:{nameof(FirstForwardedPort)} is {FirstForwardedPort}; use 1024 to 60000.";
        foreach (var (name, url) in new[] { (nameof(EnrolmentUrl), EnrolmentUrl), (nameof(ChannelUrl), ChannelUrl) })
            if (url.Length > 0 && (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != "https"))
                yield return $"{SectionName}:{name} is '{url}'; give the https address at which machines reach this broker.";
        if (JoinTokenLifetime < TimeSpan.FromMinutes(1)) yield return $"{SectionName}:{nameof(JoinTokenLifetime)} is {JoinTokenLifetime}; use 1 minute or more.";
    }
}
