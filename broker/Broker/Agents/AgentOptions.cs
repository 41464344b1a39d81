using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>How closely agents are watched and how much one of them may say.</summary>
internal sealed class AgentOptions : IOptionsWithProblems
{
    public static string SectionName => "Agents";

    /// <summary>How often an agent is asked to say that it lives.</summary>
    public TimeSpan HeartbeatEvery { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Missed heartbeats after which a machine counts as unreachable.</summary>
    public int SilentAfter { get; set; } = 3;

    /// <summary>How often the time an agent was last heard is written although nothing changed.</summary>
    public TimeSpan WriteSeenEvery { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long agents of a stopped broker node have to come back before their machines count as unreachable.</summary>
    public TimeSpan ReturnWithin { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Messages a second that one agent may send for long.</summary>
    public int MessagesPerSecond { get; set; } = 20;

    /// <summary>Messages that one agent may send at once.</summary>
    public int MessageBurst { get; set; } = 400;

    /// <summary>How long a new stream may take to say hello.</summary>
    public TimeSpan HelloWithin { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The time after which silence is unreachability.</summary>
    public TimeSpan Silence => HeartbeatEvery * SilentAfter;

    public IEnumerable<string> Problems()
    {
        if (HeartbeatEvery < TimeSpan.FromMilliseconds(100)) yield return $"{SectionName}:{nameof(HeartbeatEvery)} is {HeartbeatEvery}; use 00:00:01 or more.";
        if (SilentAfter < 2) yield return $"{SectionName}:{nameof(SilentAfter)} is {SilentAfter}; use 2 or more, because one heartbeat may be late.";
        if (WriteSeenEvery < HeartbeatEvery) yield return $"{SectionName}:{nameof(WriteSeenEvery)} is {WriteSeenEvery}; use at least {nameof(HeartbeatEvery)}.";
        if (ReturnWithin < TimeSpan.Zero) yield return $"{SectionName}:{nameof(ReturnWithin)} is {ReturnWithin}; use zero or more.";
        if (MessagesPerSecond < 1) yield return $"{SectionName}:{nameof(MessagesPerSecond)} is {MessagesPerSecond}; use 1 or more.";
        if (MessageBurst < 10) yield return $"{SectionName}:{nameof(MessageBurst)} is {MessageBurst}; use 10 or more.";
        if (HelloWithin <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(HelloWithin)} is {HelloWithin}; use 00:00:10.";
    }
}
