namespace Montalegre.Vdi.Gateway.Listening;

/// <summary>What one address serves; which of them a connection is, its first bytes say.</summary>
[Flags]
internal enum Served
{
    Nothing = 0,
    Rdp = 1,
    RdGateway = 2,
    Pages = 4,
    Everything = Rdp | RdGateway | Pages,
}

/// <summary>The words of the configuration for <see cref="Served"/>.</summary>
internal static class ServedWords
{
    /// <summary>What the words name; everything when there is none. Null for a word that is none of ours.</summary>
    public static Served? Read(IEnumerable<string> words)
    {
        var named = Served.Nothing;
        foreach (var word in words)
        {
            var one = word switch { "rdp" => Served.Rdp, "rd-gateway" => Served.RdGateway, "pages" => Served.Pages, _ => Served.Nothing };
            if (one == Served.Nothing) return null;
            named |= one;
        }
        return named == Served.Nothing ? Served.Everything : named;
    }

    /// <summary>What is wrong with the words, with a way out.</summary>
    public static string? Problem(string key, IEnumerable<string> words) =>
        Read(words) is null ? $"{key} is '{string.Join(", ", words)}'; name rdp, rd-gateway or pages, or nothing for all three." : null;
}
