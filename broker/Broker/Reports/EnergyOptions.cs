using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Reports;

/// <summary>
/// Settings of section Energy. A host draws <see cref="HostIdleWatts"/>, and of what it could draw more the share of its processors
/// that its running machines keep busy. Measure two hosts once, idle and under full load, and write what the meter says.
/// </summary>
internal sealed class EnergyOptions : IOptionsWithProblems
{
    public static string SectionName => "Energy";

    /// <summary>What a host draws with nothing to do.</summary>
    public double HostIdleWatts { get; set; } = 120;

    /// <summary>What a host draws with every processor busy.</summary>
    public double HostFullWatts { get; set; } = 400;

    /// <summary>Share of its processors that a machine keeps busy while somebody uses it.</summary>
    public double UsedShare { get; set; } = 0.3;

    /// <summary>Share of its processors that a running machine keeps busy that nobody uses.</summary>
    public double IdleShare { get; set; } = 0.05;

    /// <summary>What a physical computer draws that is on.</summary>
    public double ComputerOnWatts { get; set; } = 40;

    /// <summary>What a physical computer draws that sleeps and waits for the packet that wakes it.</summary>
    public double ComputerAsleepWatts { get; set; } = 2;

    /// <summary>How often it is counted.</summary>
    public TimeSpan CountEvery { get; set; } = TimeSpan.FromMinutes(1);

    public IEnumerable<string> Problems()
    {
        if (HostIdleWatts is < 0 or > 100_000) yield return $"{SectionName}:{nameof(HostIdleWatts)} is {HostIdleWatts}; use 0 to 100000.";
        if (HostFullWatts < HostIdleWatts || HostFullWatts > 100_000) yield return $"{SectionName}:{nameof(HostFullWatts)} is {HostFullWatts}; use {nameof(HostIdleWatts)} or more, at most 100000.";
        if (UsedShare is < 0 or > 1) yield return $"{SectionName}:{nameof(UsedShare)} is {UsedShare}; use 0 to 1.";
        if (IdleShare is < 0 or > 1) yield return $"{SectionName}:{nameof(IdleShare)} is {IdleShare}; use 0 to 1.";
        if (ComputerAsleepWatts is < 0 or > 10_000) yield return $"{SectionName}:{nameof(ComputerAsleepWatts)} is {ComputerAsleepWatts}; use 0 to 10000.";
        if (ComputerOnWatts < ComputerAsleepWatts || ComputerOnWatts > 10_000) yield return $"{SectionName}:{nameof(ComputerOnWatts)} is {ComputerOnWatts}; use {nameof(ComputerAsleepWatts)} or more, at most 10000.";
        if (CountEvery < TimeSpan.FromSeconds(1) || CountEvery > TimeSpan.FromMinutes(10)) yield return $"{SectionName}:{nameof(CountEvery)} is {CountEvery}; use a second to ten minutes.";
    }
}
