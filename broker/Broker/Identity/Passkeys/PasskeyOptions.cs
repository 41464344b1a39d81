using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>Settings of section Passkeys: for which pages passkeys are made. One host name for portal and console, so that one passkey is good at both.</summary>
internal sealed class PasskeyOptions : IOptionsWithProblems
{
    public static string SectionName => "Passkeys";

    /// <summary>
    /// The relying party's identifier: a host name that all pages have or lie below, for example vdi.example.pt. Empty: passkeys are off.
    /// INVARIANT: passkeys are good for this name only; who changes it makes all of them worthless.
    /// </summary>
    public string Host { get; set; } = "";

    /// <summary>Addresses of portal and console as browsers see them, for example https://portal.vdi.example.pt.</summary>
    public IList<string> Origins { get; } = [];

    /// <summary>True when a page of that origin may ask. Browsers write an origin in one way only.</summary>
    public bool Knows(string origin) => Origins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    public IEnumerable<string> Problems()
    {
        if (Host.Length == 0)
        {
            if (Origins.Count > 0) yield return $"{SectionName}:{nameof(Origins)} is set and {SectionName}:{nameof(Host)} is not; give the host name that they share, for example vdi.example.pt.";
            yield break;
        }
        if (Uri.CheckHostName(Host) != UriHostNameType.Dns || Host.Any(char.IsAsciiLetterUpper)) yield return $"{SectionName}:{nameof(Host)} is '{Host}'; use a host name in small letters, for example vdi.example.pt. An address of numbers has no passkeys.";
        if (Origins.Count == 0) yield return $"{SectionName}:{nameof(Origins)} is empty; give the addresses of portal and console, for example https://portal.{Host}.";
        foreach (var origin in Origins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps || origin != uri.GetLeftPart(UriPartial.Authority))
                yield return $"{SectionName}:{nameof(Origins)} has '{origin}'; use https, the host name and, if it is not 443, the port: https://portal.{Host}.";
            else if (uri.Host != Host && !uri.Host.EndsWith('.' + Host, StringComparison.Ordinal))
                yield return $"{SectionName}:{nameof(Origins)} has '{origin}', which is not {Host} nor below it; passkeys of {Host} do not work there.";
        }
    }
}
