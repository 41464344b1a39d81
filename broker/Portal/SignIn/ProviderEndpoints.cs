using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.SignIn;

/// <summary>
/// Signing in with a provider: the browser is sent there and brings something back, which the broker judges. The cookie binds
/// both to the browser, and afterwards says that signing out may lead there, too.
/// </summary>
internal static class ProviderEndpoints
{
    private const string Cookie = "__Host-montalegre-provider";

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet("/sign-in/with", BeginAsync);
        portal.MapGet("/sign-in/back", FinishAsync);
        portal.MapGet("/sign-in/left", static (HttpContext http) => Navigation.SeeOther(http, "/sign-in?left=1"));
        portal.MapPost("/sign-in/ended", EndedAsync);
    }

    /// <summary>Where a button leads.</summary>
    public static string To(SignInProvider provider, string back, bool again)
    {
        var query = QueryString.Create("provider", provider.ProviderId);
        if (back != "/") query = query.Add("return", back);
        return "/sign-in/with" + (again ? query.Add("again", "1") : query);
    }

    /// <summary>Null when this browser came in some other way.</summary>
    public static async Task<string?> SignOutAsync(HttpContext http, ProviderCalls providers) =>
        http.Request.Cookies.ContainsKey(Cookie) && http.User.Identity?.IsAuthenticated == true ? await providers.SignOutAsync(http) : null;

    /// <summary>
    /// A page that goes on by itself. A form may not lead to another site, and on a redirect that another site began the
    /// strict cookies do not come along; from a page of ours they do.
    /// </summary>
    public static RazorComponentResult<OnwardPage> Onward(HttpContext http, string address, bool leaving) => new(new { Page = PageContext.Of(http), Address = address, Leaving = leaving });

    private static async Task<IResult> BeginAsync(HttpContext http, ProviderCalls providers, string? provider, string? again, [FromQuery(Name = "return")] string? back)
    {
        try
        {
            var begun = await providers.BeginAsync(http, provider ?? "", Navigation.Local(back ?? "/"), http.Request.Cookies[Cookie] ?? "", again == "1");
            http.Response.Cookies.Append(Cookie, begun.Browser, Options());
            return Navigation.SeeOther(http, begun.Address);
        }
        catch (RpcException e) { return await SignInEndpoints.RefusedAsync(http, providers, BrokerReason.Of(e), back ?? "/"); }
    }

    private static async Task<IResult> FinishAsync(HttpContext http, ProviderCalls providers, BrokerCalls broker, string? state, string? code, string? error, string? iss)
    {
        var returned = new FinishProviderSignInRequest { State = state ?? "", Code = code ?? "", Error = error ?? "", Issuer = iss ?? "", Browser = http.Request.Cookies[Cookie] ?? "" };
        FinishProviderSignInResponse done;
        try { done = await providers.FinishAsync(http, returned); }
        catch (RpcException e) { return await SignInEndpoints.RefusedAsync(http, providers, BrokerReason.Of(e), "/"); }
        var back = Navigation.Local(done.Back);
        if (done.OutcomeCase is FinishProviderSignInResponse.OutcomeOneofCase.SecondStep) return Onward(http, StepCookie.Keep(http, done.SecondStep, back), leaving: false);
        var person = done.SignedIn;
        await PortalSession.EnterAsync(http, broker, new SignedIn
        {
            Token = person.Token, UserId = person.UserId, UserName = person.UserName, DisplayName = person.DisplayName, ExpiresAt = person.ExpiresAt, Language = person.Language,
        });
        return Onward(http, back, leaving: false);
    }

    // OpenID Connect Back-Channel Logout 1.0 section 2.7: another computer posts, without cookie or origin; the token is the proof.
    private static async Task<IResult> EndedAsync(HttpContext http, ProviderCalls providers)
    {
        if (http.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) is not true) return Results.BadRequest();
        try
        {
            var form = await http.Request.ReadFormAsync(http.RequestAborted);
            await providers.LogOutAsync(http, form["logout_token"].ToString());
            return Results.Ok();
        }
        catch (Exception e) when (e is InvalidDataException or IOException) { return Results.BadRequest(); }
        catch (RpcException e) when (e.StatusCode is StatusCode.InvalidArgument) { return Results.BadRequest(); }
        catch (RpcException e) when (!http.RequestAborted.IsCancellationRequested && BrokerReason.NeverArrived(e)) { return Results.StatusCode(StatusCodes.Status503ServiceUnavailable); }
    }

    // Lax: the way back begins at another site. Until the browser closes.
    private static CookieOptions Options() => new() { Path = "/", HttpOnly = true, Secure = true, SameSite = SameSiteMode.Lax, IsEssential = true };
}
