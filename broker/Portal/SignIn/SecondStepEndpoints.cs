using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Portal.Account;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.SignIn;

/// <summary>What comes between the right password and the session, without script.</summary>
internal static class SecondStepEndpoints
{
    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet(StepCookie.CodePath, ShowAsync);
        portal.MapPost(StepCookie.CodePath, ProveAsync).WithFormGuard();
        portal.MapGet(StepCookie.EnrolPath, ShowEnrolmentAsync);
        portal.MapPost(StepCookie.EnrolPath, ConfirmAsync).WithFormGuard();
    }

    private static Task<IResult> ShowAsync(HttpContext http, FactorCalls factors, string? way, [FromQuery(Name = "return")] string? back) => WithStepAsync(http, async step =>
    {
        var pending = await factors.StepAsync(http, step);
        return pending.MustEnrol ? Navigation.SeeOther(http, StepCookie.To(StepCookie.EnrolPath, back ?? "/")) : await CodePageAsync(http, pending, way == "recovery", back ?? "/", null);
    });

    private static Task<IResult> ProveAsync(HttpContext http, FactorCalls factors, BrokerCalls broker) => WithStepAsync(http, async step =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var (recovery, back) = (form["way"] == "recovery", form["return"].ToString());
        try
        {
            await EnterAsync(http, broker, await factors.ProveAsync(http, step, form["code"].ToString()));
            return Navigation.SeeOther(http, Navigation.Local(back));
        }
        catch (RpcException e) when (MayBeTriedAgain(e)) { return await CodePageAsync(http, step, recovery, back, BrokerReason.Of(e)); }
    });

    private static Task<IResult> ShowEnrolmentAsync(HttpContext http, [FromQuery(Name = "return")] string? back) => WithStepAsync(http, async step =>
        await EnrolPageAsync(http, step, back ?? "/", null));

    private static Task<IResult> ConfirmAsync(HttpContext http, FactorCalls factors, BrokerCalls broker) => WithStepAsync(http, async step =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var back = form["return"].ToString();
        try
        {
            return await EnrolledAsync(http, broker, await factors.ConfirmAsync(http, step, form["code"].ToString()), back);
        }
        catch (RpcException e) when (MayBeTriedAgain(e)) { return await EnrolPageAsync(http, step, back, BrokerReason.Of(e)); }
    });

    // Without the cookie, or with a step that is over, there is nothing to go on with: the password is asked again.
    internal static async Task<IResult> WithStepAsync(HttpContext http, Func<string, Task<IResult>> act)
    {
        if (StepCookie.Read(http) is not { Length: > 0 } step) return Navigation.SeeOther(http, "/sign-in");
        try { return await act(step); }
        catch (RpcException e) when (BrokerReason.Named(e) is ReasonCode.StepExpired or ReasonCode.FactorExists)
        {
            StepCookie.Forget(http);
            return Navigation.SeeOther(http, "/sign-in?expired=2");
        }
    }

    internal static Task EnterAsync(HttpContext http, BrokerCalls broker, StepDone done)
    {
        StepCookie.Forget(http);
        return PortalSession.EnterAsync(http, broker, new SignedIn
        {
            Token = done.Token, UserId = done.UserId, UserName = done.UserName, DisplayName = done.DisplayName, ExpiresAt = done.ExpiresAt, Language = done.Language,
        });
    }

    internal static bool MayBeTriedAgain(RpcException e) => BrokerReason.Named(e) is ReasonCode.CodeWrong or ReasonCode.CodeUsed or ReasonCode.SignInBusy or ReasonCode.PasskeyRefused or ReasonCode.PasskeyUnknown;

    /// <summary>The page again, after a refusal: what the person has is asked for anew, and a step that is over ends here.</summary>
    internal static async Task<IResult> CodePageAsync(HttpContext http, string step, bool recovery, string back, Reason reason) =>
        await CodePageAsync(http, await http.RequestServices.GetRequiredService<FactorCalls>().StepAsync(http, step), recovery, back, reason);

    private static async Task<IResult> CodePageAsync(HttpContext http, PendingStep step, bool recovery, string back, Reason? reason) => new RazorComponentResult<CodePage>(new
    {
        Page = PageContext.Of(http), Recovery = recovery, Return = Navigation.Local(back), Reason = reason, App = step.HasApp || !step.HasPasskey,
        Passkey = step.HasPasskey && await http.RequestServices.GetRequiredService<PasskeyCalls>().AreOfferedAsync(http),
    }) { StatusCode = Status(reason) };

    /// <summary>Signs in with a first factor, and shows the recovery codes that came with it.</summary>
    internal static async Task<IResult> EnrolledAsync(HttpContext http, BrokerCalls broker, StepDone done, string back)
    {
        await EnterAsync(http, broker, done);
        return new RazorComponentResult<RecoveryCodesPage>(new { Page = PageContext.Of(http), Codes = done.RecoveryCodes, On = Navigation.Local(back) });
    }

    internal static async Task<IResult> EnrolPageAsync(HttpContext http, string step, string back, Reason? reason) => new RazorComponentResult<EnrolPage>(new
    {
        Page = PageContext.Of(http), Offered = await http.RequestServices.GetRequiredService<FactorCalls>().EnrolAsync(http, step), Action = StepCookie.EnrolPath, Mandatory = true, Return = Navigation.Local(back), Reason = reason,
        PasskeyAction = await http.RequestServices.GetRequiredService<PasskeyCalls>().AreOfferedAsync(http) ? PasskeyEndpoints.EnrolPath : null,
    }) { StatusCode = Status(reason) };

    internal static int Status(Reason? reason) => reason switch
    {
        null => StatusCodes.Status200OK,
        { Code: ReasonCode.SignInBusy } => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status422UnprocessableEntity,
    };
}
