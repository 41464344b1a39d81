using Microsoft.AspNetCore.Http;

namespace Montalegre.Vdi.Portal.Languages;

/// <summary>The language of a page: what the person chose, else what the browser prefers, else Portuguese.</summary>
internal static class Language
{
    private const string Cookie = "__Host-montalegre-language";

    public static Texts Of(HttpContext http) =>
        Named(http.Request.Cookies[Cookie])
        ?? http.Request.GetTypedHeaders().AcceptLanguage
            .Where(wanted => wanted.Quality is not 0)
            .OrderByDescending(wanted => wanted.Quality ?? 1)
            .Select(wanted => Named(wanted.Value.Value))
            .FirstOrDefault(texts => texts is not null)
        ?? Portuguese.Texts;

    public static bool IsChosen(HttpContext http) => Named(http.Request.Cookies[Cookie]) is not null;

    public static void Remember(HttpContext http, string tag)
    {
        if (Named(tag) is not { } texts) return;
        http.Response.Cookies.Append(Cookie, texts.Tag, ChoiceCookie);
    }

    /// <summary>How a choice of this browser's reader is kept.</summary>
    public static CookieOptions ChoiceCookie => new() { Path = "/", Secure = true, HttpOnly = true, SameSite = SameSiteMode.Lax, MaxAge = TimeSpan.FromDays(365), IsEssential = true };

    /// <summary>The texts behind a tag; null when there are none.</summary>
    public static Texts? Named(string? tag) => tag?.Split('-')[0].ToLowerInvariant() switch
    {
        "pt" => Portuguese.Texts,
        "en" => English.Texts,
        _ => null,
    };
}
