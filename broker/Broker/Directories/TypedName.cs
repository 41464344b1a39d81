namespace Montalegre.Vdi.Broker.Directories;

/// <summary>A user name as typed: name, name@domain or DOMAIN\name.</summary>
/// <param name="Name">Without the domain.</param>
/// <param name="Domain">In lower case; null: none was typed.</param>
internal sealed record TypedName(string Name, string? Domain)
{
    /// <param name="typed">In lower case.</param>
    public static TypedName Of(string typed)
    {
        if (typed.IndexOf('\\') is >= 0 and var slash) return new(typed[(slash + 1)..], typed[..slash]);
        return typed.LastIndexOf('@') is > 0 and var at ? new(typed[..at], typed[(at + 1)..]) : new(typed, null);
    }
}
