using System.Globalization;
using System.Security.Claims;
using Grpc.Core;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>The form posts around a sign-in. They stand outside any circuit, because only an answer can set a cookie.</summary>
internal static class SignInEndpoints
{
    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sign-in/submit", SignInAsync).AllowAnonymous();
        routes.MapPost("/set-up/submit", SetUpAsync).AllowAnonymous();
        routes.MapPost("/sign-in/emergency/submit", EmergencyAsync).AllowAnonymous();
        routes.MapPost("/sign-out", SignOutAsync);
        routes.MapSecondStep();
        routes.MapPasskeys();
        routes.MapProviders();
        routes.MapCertificates();
    }

    internal static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";

    private static async Task<IResult> SignInAsync(
        [FromForm] string? userName, [FromForm] string? password, [FromForm(Name = "return")] string? returnUrl,
        BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        var address = AddressOf(context);
        var request = new AdministratorSignInRequest { UserName = userName ?? "", Password = password ?? "", ClientAddress = address };
        try
        {
            var begun = await new Administrators.AdministratorsClient(broker.Channel).SignInAsync(request, cancellationToken: ct);
            return StepCookie.GoOn(context, begun.SecondStep, returnUrl);
        }
        catch (RpcException e)
        {
            var reason = ReasonTexts.Name(e.Reason());
            log.SignInRefused(userName ?? "", address, reason);
            return Results.Redirect(ConsoleCookies.SignInPath + QueryString.Create("reason", reason).Add("return", LocalUrl.OrHome(returnUrl)));
        }
    }

    private static async Task<IResult> EmergencyAsync([FromForm] string? secret, BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        var address = AddressOf(context);
        try
        {
            var signedIn = await new BreakGlass.BreakGlassClient(broker.Channel).UseAsync(new() { Secret = secret ?? "", ClientAddress = address }, cancellationToken: ct);
            await EnterAsync(context, signedIn, log);
            return Results.Redirect("/");
        }
        catch (RpcException e)
        {
            var reason = ReasonTexts.Name(e.Reason());
            log.SignInRefused("break-glass", address, reason);
            return Results.Redirect("/sign-in/emergency" + QueryString.Create("reason", reason));
        }
    }

    private static async Task<IResult> SetUpAsync(
        [FromForm] string? token, [FromForm] string? userName, [FromForm] string? displayName, [FromForm] string? password,
        [FromForm] string? repeated, BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        if (password != repeated) return Results.Redirect("/set-up?problem=repeated");
        var request = new SetUpRequest { Token = token?.Trim() ?? "", UserName = userName ?? "", DisplayName = displayName ?? "", Password = password ?? "" };
        try
        {
            var begun = await new Administrators.AdministratorsClient(broker.Channel).SetUpAsync(request, cancellationToken: ct);
            return StepCookie.GoOn(context, begun.SecondStep, "/");
        }
        catch (RpcException e)
        {
            var reason = ReasonTexts.Name(e.Reason());
            log.SignInRefused(userName ?? "", AddressOf(context), reason);
            return Results.Redirect("/set-up" + QueryString.Create("reason", reason));
        }
    }

    private static async Task<IResult> SignOutAsync([FromForm(Name = "return")] string? _, Broker broker, BrokerChannel channel, LiveFeeds feeds, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        string? there = null;
        try
        {
            broker.Begin(context.User);
            there = await ProviderEndpoints.SignOutAsync(context, channel, broker.Token, ct);
            if (there is null) await broker.Administrators.SignOutAsync(new(), cancellationToken: ct);
        }
        catch (RpcException e)
        {
            // The cookie goes all the same; the broker's copy of the sign-in runs out by itself.
            log.SignOutNotTold(e.StatusCode.ToString());
        }
        // Not before the answer: the page that signs out would leave by itself when its lists end, and give this answer up with the cookie's removal.
        var token = broker.Token;
        context.Response.OnCompleted(() =>
        {
            feeds.End(token);
            return Task.CompletedTask;
        });
        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return there is { Length: > 0 } ? ProviderEndpoints.Onward(context, there, leaving: true) : Results.Redirect(ConsoleCookies.SignInPath + "?left=1");
    }

    internal static async Task EnterAsync(HttpContext context, StepDone signedIn, ILogger log)
    {
        StepCookie.Forget(context);
        var expires = signedIn.ExpiresAt.ToDateTimeOffset();
        var identity = new ClaimsIdentity(
        [
            new(ClaimTypes.NameIdentifier, signedIn.UserId),
            new(ClaimTypes.Name, signedIn.UserName),
            new(ConsoleCookies.DisplayNameClaim, signedIn.DisplayName),
            new(ConsoleCookies.TokenClaim, signedIn.Token),
            new(ConsoleCookies.ExpiresClaim, expires.ToString("o", CultureInfo.InvariantCulture)),
        ], CookieAuthenticationDefaults.AuthenticationScheme);
        await context.SignInAsync(new ClaimsPrincipal(identity), new AuthenticationProperties { IsPersistent = false, ExpiresUtc = expires });
        log.SignedIn(signedIn.UserName, AddressOf(context));
    }
}
