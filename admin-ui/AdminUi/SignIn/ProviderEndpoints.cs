using Grpc.Core;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>
/// Signing in with a provider: the browser is sent there and brings something back, which the broker judges. The cookie binds
/// both to the browser, and afterwards says that signing out may lead there, too.
/// </summary>
internal static class ProviderEndpoints
{
    private const string Cookie = "__Host-montalegre-console-provider";
    private const int LongestForm = 16 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static void MapProviders(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sign-in/with", BeginAsync).AllowAnonymous();
        routes.MapGet("/sign-in/back", FinishAsync).AllowAnonymous();
        routes.MapGet("/sign-in/left", () => Results.Redirect(ConsoleCookies.SignInPath + "?left=1")).AllowAnonymous();
        routes.MapPost("/sign-in/ended", EndedAsync).AllowAnonymous().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(LongestForm));
    }

    /// <summary>Where a button leads.</summary>
    public static string To(SignInProvider provider, string? returnUrl) => "/sign-in/with" + QueryString.Create("provider", provider.ProviderId).Add("return", LocalUrl.OrHome(returnUrl));

    /// <summary>Ends the sign-in at the broker. Where the browser signs out of the provider; null when it came in some other way.</summary>
    public static async Task<string?> SignOutAsync(HttpContext context, BrokerChannel broker, string token, CancellationToken ct) => context.Request.Cookies.ContainsKey(Cookie)
        ? (await Client(broker).SignOutAsync(new() { RedirectUri = Here(context, "/sign-in/left") }, new Metadata { { "authorization", $"Bearer {token}" } }, DateTime.UtcNow + Patience, ct)).Address
        : null;

    /// <summary>
    /// A page that goes on by itself. A form may not lead to another site, and on a redirect that another site began the
    /// strict cookies do not come along; from a page of ours they do.
    /// </summary>
    public static RazorComponentResult<OnwardPage> Onward(HttpContext context, string address, bool leaving) => new(new { Context = context, Address = address, Leaving = leaving });

    private static ProviderSignIn.ProviderSignInClient Client(BrokerChannel broker) => new(broker.Channel);

    private static async Task<IResult> BeginAsync(string? provider, [FromQuery(Name = "return")] string? returnUrl, BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        try
        {
            var begun = await Client(broker).BeginAsync(new()
            {
                ProviderId = provider ?? "", Console = true, RedirectUri = Here(context, "/sign-in/back"), Back = LocalUrl.OrHome(returnUrl), Browser = context.Request.Cookies[Cookie] ?? "", ClientAddress = SignInEndpoints.AddressOf(context),
            }, deadline: DateTime.UtcNow + Patience, cancellationToken: ct);
            // Lax: the way back begins at another site. Until the browser closes.
            context.Response.Cookies.Append(Cookie, begun.Browser, new() { Path = "/", HttpOnly = true, Secure = true, SameSite = SameSiteMode.Lax, IsEssential = true });
            return Results.Redirect(begun.Address);
        }
        catch (RpcException e) { return Refuse(context, e, returnUrl, log); }
    }

    private static async Task<IResult> FinishAsync(string? state, string? code, string? error, string? iss, BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log)
    {
        try
        {
            // Not given up with the request: a code is good once.
            var done = await Client(broker).FinishAsync(new()
            {
                State = state ?? "", Code = code ?? "", Error = error ?? "", Issuer = iss ?? "", Browser = context.Request.Cookies[Cookie] ?? "", ClientAddress = SignInEndpoints.AddressOf(context),
            }, deadline: DateTime.UtcNow + Patience);
            if (done.OutcomeCase is FinishProviderSignInResponse.OutcomeOneofCase.SecondStep) return Onward(context, StepCookie.Keep(context, done.SecondStep, done.Back), leaving: false);
            await SignInEndpoints.EnterAsync(context, done.SignedIn, log);
            return Onward(context, LocalUrl.OrHome(done.Back), leaving: false);
        }
        catch (RpcException e) { return Refuse(context, e, null, log); }
    }

    // OpenID Connect Back-Channel Logout 1.0 section 2.7: another computer posts, without cookie or origin; the token is the proof.
    private static async Task<IResult> EndedAsync(BrokerChannel broker, HttpContext context, CancellationToken ct)
    {
        if (context.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) is not true) return Results.BadRequest();
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            var form = await context.Request.ReadFormAsync(ct);
            await Client(broker).LogOutAsync(new() { LogoutToken = form["logout_token"].ToString() }, deadline: DateTime.UtcNow + Patience, cancellationToken: ct);
            return Results.Ok();
        }
        catch (Exception e) when (e is InvalidDataException or IOException) { return Results.BadRequest(); }
        catch (RpcException e) when (!ct.IsCancellationRequested) { return Results.StatusCode(e.StatusCode is StatusCode.InvalidArgument ? StatusCodes.Status400BadRequest : StatusCodes.Status503ServiceUnavailable); }
    }

    private static IResult Refuse(HttpContext context, RpcException e, string? returnUrl, ILogger log)
    {
        var reason = ReasonTexts.Name(e.Reason());
        log.SignInRefused("", SignInEndpoints.AddressOf(context), reason);
        return Results.Redirect(ConsoleCookies.SignInPath + QueryString.Create("reason", reason).Add("return", LocalUrl.OrHome(returnUrl)));
    }

    private static string Here(HttpContext context, string path) => $"https://{context.Request.Host}{path}";
}
