using Montalegre.Vdi.Protocol.Tsgu;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>Section <c>Gateway:RdGateway</c>: RDP inside HTTPS, on the portal's address.</summary>
internal sealed class RdGatewayOptions
{
    public const string Section = "Gateway:RdGateway";
    private const int LongestText = 2000;

    /// <summary>False leaves only the pages on the portal's address.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Lets people in with user name and password by HTTP Basic, for clients that cannot carry a cookie.</summary>
    public bool Basic { get; set; }

    /// <summary>Shown before the desktop, in Portuguese; the person has to agree. Clients say no language, so both are shown.</summary>
    public string ConsentPt { get; set; } = "";

    /// <summary>The same in English.</summary>
    public string ConsentEn { get; set; } = "";

    /// <summary>Refuses clients that cannot show the consent.</summary>
    public bool OnlyClientsThatShowMessages { get; set; }

    /// <summary>A notice, for example of maintenance, shown once the desktop is open.</summary>
    public string ServiceMessagePt { get; set; } = "";

    /// <summary>The same in English.</summary>
    public string ServiceMessageEn { get; set; } = "";

    /// <summary>What clients are told not to bring along: drives, printers, ports, clipboard, plug-and-play.</summary>
    public IList<string> NotRedirected { get; } = [];

    /// <summary>How long a person may read the consent. The one-time sign-in lives a minute, so more would be of no use.</summary>
    public TimeSpan ConsentDeadline { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// Has clients that can do so bring their cookie again whenever the broker is asked whether they may stay, and lets go
    /// those who do not. Off: the broker alone decides, which is enough to end a person's access.
    /// </summary>
    public bool ProveAgain { get; set; }

    /// <summary>How long a client has for that; the specification says one to three minutes (MS-TSGU 3.1.2.2).</summary>
    public TimeSpan ProveWithin { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>A word to the client when nothing else went to it for so long, so that proxies keep the way open.</summary>
    public TimeSpan Keepalive { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>After so long without a sign of life a client counts as gone.</summary>
    public TimeSpan VanishedAfter { get; set; } = TimeSpan.FromSeconds(30);

    public string? Consent => Both(ConsentPt, ConsentEn);

    public string? ServiceMessage => Both(ServiceMessagePt, ServiceMessageEn);

    public TsguRedirection Redirection => NotRedirected.Aggregate(TsguRedirection.AllAllowed, (all, one) => all | (Flag(one) ?? 0));

    public IEnumerable<string> Problems()
    {
        foreach (var word in NotRedirected)
        {
            if (Flag(word) is null) yield return $"{Section}:{nameof(NotRedirected)} names '{word}'; use drives, printers, ports, clipboard or plug-and-play.";
        }
        foreach (var (name, text) in new[]
        {
            (nameof(ConsentPt), ConsentPt), (nameof(ConsentEn), ConsentEn), (nameof(ServiceMessagePt), ServiceMessagePt), (nameof(ServiceMessageEn), ServiceMessageEn),
        })
        {
            if (text.Length > LongestText) yield return $"{Section}:{name} has {text.Length} characters; use {LongestText} or fewer.";
        }
        foreach (var (name, value) in new[] { (nameof(ConsentDeadline), ConsentDeadline), (nameof(Keepalive), Keepalive), (nameof(ProveWithin), ProveWithin) })
        {
            if (value < TimeSpan.FromSeconds(1) || value > TimeSpan.FromHours(1)) yield return $"{Section}:{name} is {value}; use between 1 second and 1 hour.";
        }
        // The system's probes come every so many whole seconds, three of them in half of this time.
        if (VanishedAfter < TimeSpan.FromSeconds(6) || VanishedAfter > TimeSpan.FromHours(1))
            yield return $"{Section}:{nameof(VanishedAfter)} is {VanishedAfter}; use 00:00:06 to 01:00:00.";
    }

    private static string? Both(string portuguese, string english) =>
        (portuguese.Length, english.Length) switch { (0, 0) => null, (0, _) => english, (_, 0) => portuguese, _ => $"{portuguese}\r\n\r\n{english}" };

    private static TsguRedirection? Flag(string word) => word switch
    {
        "drives" => TsguRedirection.NoDrives,
        "printers" => TsguRedirection.NoPrinters,
        "ports" => TsguRedirection.NoPorts,
        "clipboard" => TsguRedirection.NoClipboard,
        "plug-and-play" => TsguRedirection.NoPlugAndPlay,
        _ => null,
    };
}
