using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>How synthetic log-ons are waited for.</summary>
internal sealed class RolloutOptions : IOptionsWithProblems
{
    public static string SectionName => "Rollouts";

    /// <summary>How long a gateway may take to log on and see the first picture.</summary>
    public TimeSpan ProbeWithin { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>How long after the first picture the machine's agent may take to tell of the desktop.</summary>
    public TimeSpan AgentTellsWithin { get; set; } = TimeSpan.FromMinutes(1);

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        if (ProbeWithin < TimeSpan.FromSeconds(10)) yield return $"{SectionName}:{nameof(ProbeWithin)} is {ProbeWithin}; use 10 seconds or more.";
        if (AgentTellsWithin < TimeSpan.FromSeconds(1)) yield return $"{SectionName}:{nameof(AgentTellsWithin)} is {AgentTellsWithin}; use 1 second or more.";
    }
}
