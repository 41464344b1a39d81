using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>Settings of section Alerts; rules and channels stand in the database.</summary>
internal sealed class AlertsOptions : IOptionsWithProblems
{
    public static string SectionName => "Alerts";

    /// <summary>How often everything is looked at when no event asks for it.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long resolved alerts and sent messages are kept.</summary>
    public int KeepDays { get; set; } = 180;

    /// <summary>A message waits until nothing new has come for so long, so that what fails together is told together.</summary>
    public TimeSpan Quiet { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>But no longer than this.</summary>
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromSeconds(75);

    /// <summary>How long a mail server or web server may take for one message.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A message that no try could deliver is given up after this time, and the channel says so.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(3);

    /// <summary>Webhooks may go to this machine itself. Off, because whoever may set a channel up should not reach what listens here only.</summary>
    public bool WebhooksToThisMachine { get; set; }

    /// <summary>The console as people reach it, for links in messages, for example https://consola.exemplo.pt; empty: without links.</summary>
    public string ConsoleAddress { get; set; } = "";

    public Uri? Console => ConsoleAddress.Length == 0 ? null : new(ConsoleAddress);

    public IEnumerable<string> Problems()
    {
        if (ConsoleAddress.Length > 0 && !(Uri.TryCreate(ConsoleAddress, UriKind.Absolute, out var console) && console.Scheme == Uri.UriSchemeHttps))
            yield return $"{SectionName}:{nameof(ConsoleAddress)} is '{ConsoleAddress}'; use an https address, for example https://consola.exemplo.pt.";
        if (LookEvery < TimeSpan.FromSeconds(1)) yield return $"{SectionName}:{nameof(LookEvery)} is {LookEvery}; use 00:00:01 or more.";
        if (KeepDays < 1) yield return $"{SectionName}:{nameof(KeepDays)} is {KeepDays}; use 1 or more.";
        if (Quiet < TimeSpan.Zero) yield return $"{SectionName}:{nameof(Quiet)} is {Quiet}; use for example 00:00:15.";
        if (LongestWait < Quiet) yield return $"{SectionName}:{nameof(LongestWait)} is {LongestWait}; use at least {nameof(Quiet)}, {Quiet}.";
        if (Patience <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(Patience)} is {Patience}; use for example 00:00:15.";
        if (GiveUpAfter <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(GiveUpAfter)} is {GiveUpAfter}; use for example 3.00:00:00.";
    }
}
