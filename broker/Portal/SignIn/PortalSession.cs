using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Languages;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.SignIn;

/// <summary>
/// The cookie of a signed-in person: the broker's opaque token and the name to show, protected by the site's keys.
/// The portal keeps nothing itself, so a restart signs nobody out.
/// </summary>
internal static class PortalSession
{
    public const string Scheme = "Portal";
    public const string CookieName = "__Host-montalegre";
    private const string TokenName = "broker";

    public static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = CookieName;
        options.Cookie.Path = "/";
        options.Cookie.HttpOnly = true;
        options.Cookie.SecurePolicy = CookieSecurePolicy.Always;
        options.Cookie.SameSite = SameSiteMode.Lax;   // a link on the intranet must find the person signed in; changes are POSTs
        options.Cookie.IsEssential = true;
        options.SlidingExpiration = false;            // the broker alone says how long a sign-in lasts
        options.Events.OnRedirectToLogin = context => AskToSignInAgainAsync(context.HttpContext);
        options.Events.OnRedirectToAccessDenied = context => AskToSignInAgainAsync(context.HttpContext);
    }

    /// <summary>Begins the session of who has just signed in. One that this browser had before ends: what it could do, the new one can.</summary>
    public static async Task EnterAsync(HttpContext http, BrokerCalls broker, SignedIn person)
    {
        await broker.EndOldAsync(http);
        await BeginAsync(http, person);
        if (!Language.IsChosen(http)) Language.Remember(http, person.Language);
    }

    private static Task BeginAsync(HttpContext http, SignedIn person)
    {
        var identity = new ClaimsIdentity(
            [
                new Claim(ClaimTypes.NameIdentifier, person.UserId),
                new Claim(ClaimTypes.Name, person.UserName),
                new Claim(ClaimTypes.GivenName, person.DisplayName.Length > 0 ? person.DisplayName : person.UserName),
            ],
            Scheme);
        var properties = new AuthenticationProperties { ExpiresUtc = person.ExpiresAt?.ToDateTimeOffset() };
        properties.StoreTokens([new AuthenticationToken { Name = TokenName, Value = person.Token }]);
        return http.SignInAsync(Scheme, new ClaimsPrincipal(identity), properties);
    }

    public static Task<string?> TokenAsync(HttpContext http) => http.GetTokenAsync(Scheme, TokenName);

    public static string UserId(HttpContext http) => http.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "";

    public static string UserName(HttpContext http) => http.User.Identity?.Name ?? "";

    // A page that an installed portal fetches for the browser has no destination either, but its mode still says what it is.
    public static bool IsAskedByScript(HttpContext http) =>
        http.Request.Headers["Sec-Fetch-Dest"] == "empty" && http.Request.Headers["Sec-Fetch-Mode"] != "navigate";

    /// <summary>A page goes to the sign-in with an explanation; a question of the script gets 401 and reloads its page.</summary>
    public static Task AskToSignInAgainAsync(HttpContext http)
    {
        if (IsAskedByScript(http))
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }
        var expired = http.Request.Cookies.ContainsKey(CookieName);
        // What a form asked for is not asked again by itself: only a page is come back to.
        var back = HttpMethods.IsGet(http.Request.Method) ? http.Request.Path.ToUriComponent() + http.Request.QueryString : "/";
        return Navigation.SeeOther(http, Navigation.SignIn(back, expired)).ExecuteAsync(http);
    }
}
