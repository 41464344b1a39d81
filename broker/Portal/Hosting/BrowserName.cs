namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>What a person calls the browser and the device, out of a User-Agent header; it decides nothing.</summary>
internal static class BrowserName
{
    // The first that fits: browsers name those that they want to be taken for, too.
    private static readonly (string Mark, string Name)[] Browsers =
        [("Edg/", "Edge"), ("EdgA/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];

    private static readonly (string Mark, string Name)[] Systems =
        [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")];

    /// <summary>For example "Firefox, Windows"; empty when neither is known.</summary>
    public static string Of(string userAgent)
    {
        var known = new[] { Find(Browsers), Find(Systems) };
        return string.Join(", ", known.Where(k => k is not null));

        string? Find((string Mark, string Name)[] names) => names.Where(n => userAgent.Contains(n.Mark, StringComparison.Ordinal)).Select(n => n.Name).FirstOrDefault();
    }
}
