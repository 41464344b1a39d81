using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;

namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>The cookies of the console: host-only, never for script, and everything but sign-in asks for one.</summary>
internal static class ConsoleCookies
{
    public const string SignInName = "__Host-montalegre-console";
    public const string SignInPath = "/sign-in";
    public const string TokenClaim = "montalegre:token";
    public const string DisplayNameClaim = "montalegre:display-name";
    public const string ExpiresClaim = "montalegre:expires";

    public static void AddConsoleCookies(this IServiceCollection services)
    {
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie =>
        {
            cookie.Cookie.Name = SignInName;
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.Path = "/";
            cookie.Cookie.SameSite = SameSiteMode.Strict;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.Always;
            cookie.LoginPath = SignInPath;
            cookie.AccessDeniedPath = SignInPath;
            cookie.ReturnUrlParameter = "return";
            cookie.SlidingExpiration = false;
        });
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        services.AddAntiforgery(antiforgery =>
        {
            // Not the portal's name: cookies know no ports, and both may be served by one computer.
            antiforgery.Cookie.Name = "__Host-montalegre-console-form";
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.Always;
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.Path = "/";
            antiforgery.SuppressXFrameOptionsHeader = true;
        });
    }
}
