using Grpc.Core;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>The two form posts that end an administrator's sign-in: a code, or the first code of a new app.</summary>
internal static class SecondStepEndpoints
{
    public static void MapSecondStep(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sign-in/code/submit", ProveAsync).AllowAnonymous();
        routes.MapPost("/sign-in/app/submit", ConfirmAsync).AllowAnonymous();
    }

    private static async Task<IResult> ProveAsync(
        [FromForm] string? code, [FromForm] string? way, [FromForm(Name = "return")] string? returnUrl,
        BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        try
        {
            await SignInEndpoints.EnterAsync(context, await new SecondStep.SecondStepClient(broker.Channel).ProveAsync(Request(context, code), cancellationToken: ct), log);
            return Results.Redirect(LocalUrl.OrHome(returnUrl));
        }
        catch (RpcException e) { return Refuse(context, e, "/sign-in/code", way, returnUrl, log); }
    }

    private static async Task<IResult> ConfirmAsync(
        [FromForm] string? code, [FromForm(Name = "return")] string? returnUrl,
        BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        try
        {
            var done = await new SecondStep.SecondStepClient(broker.Channel).ConfirmTotpAsync(Request(context, code), cancellationToken: ct);
            await SignInEndpoints.EnterAsync(context, done, log);
            return new RazorComponentResult<RecoveryCodesPage>(new { Context = context, Codes = done.RecoveryCodes, On = LocalUrl.OrHome(returnUrl) });
        }
        catch (RpcException e) { return Refuse(context, e, "/sign-in/app", null, returnUrl, log); }
    }

    private static ProveRequest Request(HttpContext context, string? code) =>
        new() { Step = StepCookie.Read(context) ?? "", Code = code ?? "", ClientAddress = SignInEndpoints.AddressOf(context) };

    // A step that is over begins again with the password; anything else may be typed again.
    internal static IResult Refuse(HttpContext context, RpcException e, string page, string? way, string? returnUrl, ILogger log)
    {
        var reason = e.Reason();
        log.SignInRefused("", SignInEndpoints.AddressOf(context), ReasonTexts.Name(reason));
        if (reason is ReasonCode.StepExpired or ReasonCode.FactorExists)
        {
            StepCookie.Forget(context);
            page = ConsoleCookies.SignInPath;
        }
        var query = QueryString.Create("reason", ReasonTexts.Name(reason)).Add("return", LocalUrl.OrHome(returnUrl));
        return Results.Redirect(page + (way == "recovery" ? query.Add("way", way) : query));
    }
}
