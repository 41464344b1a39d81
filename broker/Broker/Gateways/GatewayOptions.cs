using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>How gateways are watched and how much wrong guessing is borne.</summary>
internal sealed class GatewayOptions : IOptionsWithProblems
{
    public static string SectionName => "Gateways";

    /// <summary>How long an agent may take to prepare a sign-in while a client waits.</summary>
    public TimeSpan PrepareWithin { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client waits for an agent that is not connected: they come back within seconds of a broker's restart.</summary>
    public TimeSpan AgentBackWithin { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a prepared sign-in is good for.</summary>
    public TimeSpan SignInLifetime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a gateway that came back has to name its open connections; the others count as lost.</summary>
    public TimeSpan ReportAgainWithin { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Wrong tickets a minute from one source before it is not even looked at.</summary>
    public int WrongTicketsPerMinute { get; set; } = 1000;

    /// <summary>How long a gateway's join token is good for.</summary>
    public TimeSpan JoinTokenLifetime { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long after its connection broke the same client may bring its used ticket again; 0 lets none come back so.</summary>
    public TimeSpan ReuseTicketWithin { get; set; } = TimeSpan.FromSeconds(60);

    public IEnumerable<string> Problems()
    {
        if (ReuseTicketWithin < TimeSpan.Zero || ReuseTicketWithin > TimeSpan.FromMinutes(10)) yield return $"{SectionName}:{nameof(ReuseTicketWithin)} is {ReuseTicketWithin}; use 00:01:00, at most 00:10:00, or 00:00:00 for never.";
        if (PrepareWithin <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(PrepareWithin)} is {PrepareWithin}; use 00:00:10.";
        if (AgentBackWithin < TimeSpan.Zero || AgentBackWithin + PrepareWithin > TimeSpan.FromSeconds(28))   // a gateway waits for the two 30 s
            yield return $"{SectionName}:{nameof(AgentBackWithin)} is {AgentBackWithin}; use 00:00:15, or 00:00:00 for no waiting, and with {nameof(PrepareWithin)} at most 00:00:28.";
        if (SignInLifetime < TimeSpan.FromSeconds(10)) yield return $"{SectionName}:{nameof(SignInLifetime)} is {SignInLifetime}; use 00:01:00.";
        if (ReportAgainWithin <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(ReportAgainWithin)} is {ReportAgainWithin}; use 00:00:10.";
        if (WrongTicketsPerMinute < 1) yield return $"{SectionName}:{nameof(WrongTicketsPerMinute)} is {WrongTicketsPerMinute}; use 1 or more.";
        if (JoinTokenLifetime <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(JoinTokenLifetime)} is {JoinTokenLifetime}; use 00:15:00.";
    }
}
