using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Mvc;
using Montalegre.Vdi.AdminUi.Words;

namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>Language and light or dark: kept in cookies of this browser, so that the sign-in page knows them too.</summary>
internal static class Preferences
{
    public const string ThemeCookie = "__Host-montalegre-theme";

    public static void MapPreferences(this IEndpointRouteBuilder routes) => routes.MapPost("/preferences", (
        [FromForm] string? language, [FromForm] string? theme, [FromForm(Name = "return")] string? returnUrl, HttpContext context) =>
    {
        var kept = new CookieOptions { Secure = true, HttpOnly = true, Path = "/", SameSite = SameSiteMode.Strict, MaxAge = TimeSpan.FromDays(365), IsEssential = true };
        if (language is not null && Language.Known.Contains(language))
            context.Response.Cookies.Append(Language.Cookie, CookieRequestCultureProvider.MakeCookieValue(new(language)), kept);
        if (theme is "light" or "dark" or "system") context.Response.Cookies.Append(ThemeCookie, theme, kept);
        return Results.Redirect(LocalUrl.OrHome(returnUrl));
    }).AllowAnonymous();

    /// <summary>What this browser asked for: light, dark, or as its system.</summary>
    public static string Theme(HttpContext? context) => context?.Request.Cookies[ThemeCookie] is "light" or "dark" ? context.Request.Cookies[ThemeCookie]! : "system";
}
