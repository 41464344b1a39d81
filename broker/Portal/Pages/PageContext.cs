using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.Pages;

/// <summary>What every page needs to draw its frame.</summary>
public sealed record PageContext(Texts T, PortalAssets Assets, string? Person, string FormToken, string Here, DateTimeOffset Now, bool InBrowser, Look Look)
{
    public const string FormField = "__RequestVerificationToken";

    public static PageContext Of(HttpContext http)
    {
        var services = http.RequestServices;
        var signedIn = http.User.Identity?.IsAuthenticated == true;
        // A page that answers a POST has no address of its own to come back to.
        var here = HttpMethods.IsGet(http.Request.Method) ? http.Request.Path + http.Request.QueryString : "/";
        return new(
            Language.Of(http),
            services.GetRequiredService<PortalAssets>(),
            signedIn ? http.User.FindFirstValue(ClaimTypes.GivenName) ?? http.User.Identity?.Name : null,
            services.GetRequiredService<IAntiforgery>().GetAndStoreTokens(http).RequestToken ?? "",
            here,
            services.GetRequiredService<TimeProvider>().GetLocalNow(),
            services.GetRequiredService<IOptions<PortalOptions>>().Value.InBrowser,
            Look.Of(http));
    }
}
