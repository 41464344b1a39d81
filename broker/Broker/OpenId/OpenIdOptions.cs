using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>Settings of section OpenId; the providers themselves stand in the database.</summary>
internal sealed class OpenIdOptions : IOptionsWithProblems
{
    public static string SectionName => "OpenId";

    /// <summary>How long a provider may take to answer one question.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long what a provider says about itself is good; an unknown key is looked up at once.</summary>
    public TimeSpan Remembered { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a person may take at the provider.</summary>
    public TimeSpan FlowLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Sign-ins that one address may have under way; offices share one address.</summary>
    public int MostFlowsPerSource { get; set; } = 500;

    /// <summary>Sign-ins that may be under way in all.</summary>
    public int MostFlows { get; set; } = 20_000;

    public IEnumerable<string> Problems()
    {
        if (Patience <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(Patience)} is {Patience}; use for example 00:00:05.";
        if (Remembered <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(Remembered)} is {Remembered}; use for example 01:00:00.";
        if (FlowLifetime <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(FlowLifetime)} is {FlowLifetime}; use for example 00:10:00.";
        if (MostFlowsPerSource < 1) yield return $"{SectionName}:{nameof(MostFlowsPerSource)} is {MostFlowsPerSource}; use 1 or more.";
        if (MostFlows < 1) yield return $"{SectionName}:{nameof(MostFlows)} is {MostFlows}; use 1 or more.";
    }
}
