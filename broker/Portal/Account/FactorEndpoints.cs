using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Account;

/// <summary>A person's own second factors. Changes want a fresh sign-in; who has none is sent to the sign-in and comes back.</summary>
internal static class FactorEndpoints
{
    private const string AppPath = "/account/app";

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet(AppPath, ShowAsync).RequireAuthorization();
        portal.MapPost(AppPath, ConfirmAsync).RequireAuthorization().WithFormGuard();
        portal.MapPost(AppPath + "/remove", RemoveAsync).RequireAuthorization().WithFormGuard();
        portal.MapPost("/account/recovery-codes", RenewAsync).RequireAuthorization().WithFormGuard();
    }

    private static Task<IResult> ShowAsync(HttpContext http, FactorCalls factors) => FreshAsync(http, AppPath, async () => await PageAsync(http, factors, null));

    private static Task<IResult> ConfirmAsync(HttpContext http, FactorCalls factors) => FreshAsync(http, AppPath, async () =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        try { return Codes(http, await factors.ConfirmOwnAsync(http, form["code"].ToString())); }
        catch (RpcException e) when (BrokerReason.Named(e) is ReasonCode.CodeWrong) { return await PageAsync(http, factors, BrokerReason.Of(e)); }
    });

    private static Task<IResult> RemoveAsync(HttpContext http, FactorCalls factors) => FreshAsync(http, "/account", async () =>
    {
        await factors.RemoveAppAsync(http);
        return Navigation.SeeOther(http, "/account?done=removed");
    });

    private static Task<IResult> RenewAsync(HttpContext http, FactorCalls factors) => FreshAsync(http, "/account", async () => Codes(http, await factors.RenewCodesAsync(http)));

    internal static async Task<IResult> FreshAsync(HttpContext http, string back, Func<Task<IResult>> act)
    {
        try { return await act(); }
        catch (RpcException e) when (BrokerReason.Named(e) is ReasonCode.SignInAgain)
        {
            return Navigation.SeeOther(http, SignInAgain(back));
        }
    }

    internal static string SignInAgain(string back) => "/sign-in" + QueryString.Create("again", "1").Add("return", back);

    private static async Task<IResult> PageAsync(HttpContext http, FactorCalls factors, Reason? reason) => new RazorComponentResult<EnrolPage>(new
    {
        Page = PageContext.Of(http), Offered = await factors.EnrolOwnAsync(http), Action = AppPath, Reason = reason,
    }) { StatusCode = SecondStepEndpoints.Status(reason) };

    internal static RazorComponentResult<RecoveryCodesPage> Codes(HttpContext http, IReadOnlyList<string> codes) =>
        new(new { Page = PageContext.Of(http), Codes = codes, On = "/account" });
}
