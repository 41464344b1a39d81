using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>Settings of section Assistance: how long each step may take.</summary>
internal sealed class AssistanceOptions : IOptionsWithProblems
{
    public static string SectionName => "Assistance";

    /// <summary>How long the person has to answer; no answer is a no.</summary>
    public TimeSpan AnswerWithin { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after the answer the administrator has to open the desktop.</summary>
    public TimeSpan OpenWithin { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a ticket of the page that shows the desktop is good for.</summary>
    public TimeSpan TicketLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often open assistances are compared with the sign-ins, rights and sessions that they live by.</summary>
    public TimeSpan CompareEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Wrong tickets a minute from one source before it is not even looked at.</summary>
    public int WrongTicketsPerMinute { get; set; } = 60;

    public IEnumerable<string> Problems()
    {
        foreach (var (name, value) in new[] { (nameof(AnswerWithin), AnswerWithin), (nameof(OpenWithin), OpenWithin), (nameof(TicketLifetime), TicketLifetime) })
            if (value <= TimeSpan.Zero || value > TimeSpan.FromMinutes(10)) yield return $"{SectionName}:{name} is {value}; use 00:01:00, at most 00:10:00.";
        if (CompareEvery <= TimeSpan.Zero || CompareEvery > TimeSpan.FromSeconds(10)) yield return $"{SectionName}:{nameof(CompareEvery)} is {CompareEvery}; use 00:00:01, at most 00:00:10.";
        if (WrongTicketsPerMinute < 1) yield return $"{SectionName}:{nameof(WrongTicketsPerMinute)} is {WrongTicketsPerMinute}; use 1 or more.";
    }
}
