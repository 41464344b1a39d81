using Grpc.Core;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.SignIn;

internal static class SignInEndpoints
{
    private const int LongestField = 256;

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet("/sign-in", ShowAsync);
        portal.MapPost("/sign-in", SignIn).WithFormGuard();
        portal.MapPost("/sign-out", SignOut).WithFormGuard();
    }

    private static async Task<IResult> ShowAsync(HttpContext http, ProviderCalls providers, string? expired, string? left, string? again, [FromQuery(Name = "return")] string? back)
    {
        // Whoever changes how he signs in shows first that it is still him.
        if (http.User.Identity?.IsAuthenticated == true && again == "1") return await PageAsync(http, await providers.ListAsync(http), PortalSession.UserName(http), new Reason { Code = ReasonCode.SignInAgain }, false, StatusCodes.Status200OK, back ?? "/");
        if (http.User.Identity?.IsAuthenticated == true) return Navigation.SeeOther(http, Navigation.Local(back ?? "/"));
        var reason = expired == "1" ? new Reason { Code = ReasonCode.SignInExpired } : expired == "2" ? new Reason { Code = ReasonCode.StepExpired } : null;
        return await PageAsync(http, await providers.ListAsync(http), "", reason, signedOut: left == "1", StatusCodes.Status200OK, back ?? "/");
    }

    private static async Task<IResult> SignIn(HttpContext http, BrokerCalls broker, ProviderCalls providers)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var userName = form["user"].ToString().Trim();
        var password = form["password"].ToString();
        var (newPassword, repeated) = (form["new-password"].ToString(), form["new-password-again"].ToString());
        var back = form["return"].ToString();
        if (newPassword != repeated || newPassword.Length > LongestField)
            return await PageAsync(http, await providers.ListAsync(http), userName, new Reason { Code = ReasonCode.PasswordExpired }, false, StatusCodes.Status422UnprocessableEntity, back, differs: true);
        if (userName.Length is 0 or > LongestField || password.Length is 0 or > LongestField)
            return await PageAsync(http, await providers.ListAsync(http), userName, null, false, StatusCodes.Status422UnprocessableEntity, back, unfilled: true);

        SignInResponse answer;
        try
        {
            answer = await broker.SignInAsync(http, userName, password, newPassword);
        }
        catch (RpcException e) when (BrokerReason.Named(e) is not null)
        {
            answer = new SignInResponse { Refused = BrokerReason.Of(e) };
        }
        if (answer.OutcomeCase == SignInResponse.OutcomeOneofCase.SecondStep) return StepCookie.GoOn(http, answer.SecondStep, back);
        if (answer.OutcomeCase != SignInResponse.OutcomeOneofCase.SignedIn)
        {
            var status = answer.Refused?.Code is ReasonCode.SignInFailed or ReasonCode.PasswordExpired or ReasonCode.NewPasswordRefused or ReasonCode.AccountLocked or ReasonCode.AccountDisabled ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status503ServiceUnavailable;
            return await PageAsync(http, await providers.ListAsync(http), userName, answer.Refused ?? new Reason { Code = ReasonCode.Internal }, false, status, back);
        }

        await PortalSession.EnterAsync(http, broker, answer.SignedIn);
        return Navigation.SeeOther(http, Navigation.Local(back));
    }

    private static async Task<IResult> SignOut(HttpContext http, BrokerCalls broker, ProviderCalls providers)
    {
        var there = await SignOutThereAsync(http, providers);
        if (there is null) await broker.EndOldAsync(http);
        await http.SignOutAsync(PortalSession.Scheme);
        return there is { Length: > 0 } ? ProviderEndpoints.Onward(http, there, leaving: true) : Navigation.SeeOther(http, "/sign-in?left=1");
    }

    // Null where the broker did not end it: the usual way tries again, and says so in the log.
    private static async Task<string?> SignOutThereAsync(HttpContext http, ProviderCalls providers)
    {
        try { return await ProviderEndpoints.SignOutAsync(http, providers); }
        catch (RpcException) { return null; }
    }

    /// <summary>The page again, with what stood in the way of a passkey's or a provider's sign-in.</summary>
    public static async Task<IResult> RefusedAsync(HttpContext http, ProviderCalls providers, Reason reason, string back)
    {
        var status = reason.Code is ReasonCode.ProviderUnreachable or ReasonCode.SignInBusy or ReasonCode.BrokerUnavailable or ReasonCode.Internal ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status422UnprocessableEntity;
        return await PageAsync(http, await providers.ListAsync(http), "", reason, false, status, back);
    }

    private static async Task<IResult> PageAsync(HttpContext http, IReadOnlyList<SignInProvider> providers, string userName, Reason? reason, bool signedOut, int status, string back, bool unfilled = false, bool differs = false) =>
        new RazorComponentResult<SignInPage>(new { Page = PageContext.Of(http), Passkeys = await http.RequestServices.GetRequiredService<PasskeyCalls>().AreOfferedAsync(http), Certificates = await http.RequestServices.GetRequiredService<CertificateCalls>().AreOfferedAsync(http), Providers = providers, UserName = userName, Reason = reason, SignedOut = signedOut, Unfilled = unfilled, Differs = differs, Return = Navigation.Local(back) }) { StatusCode = status };
}
