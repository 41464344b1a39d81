using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.SignIn;

/// <summary>
/// Signing in with a certificate: the browser is sent to the address where it shows one, and posts back what it got for it. The
/// cookie binds both to the browser.
/// </summary>
internal static class CertificateEndpoints
{
    public const string Path = "/sign-in/certificate";
    private const string Cookie = "__Host-montalegre-certificate";

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet(Path, BeginAsync);
        portal.MapGet(Path + "/refused", RefusedAsync);
        // It is from another address of ours; the cookie says whether this browser began it.
        portal.MapPost(Path, FinishAsync).WithMetadata(new SameOrigin.FromElsewhere());
    }

    /// <summary>Where the button leads.</summary>
    public static string To(string back) => back == "/" ? Path : Path + QueryString.Create("return", back);

    private static async Task<IResult> BeginAsync(HttpContext http, CertificateCalls certificates, ProviderCalls providers, [FromQuery(Name = "return")] string? back)
    {
        if (!await certificates.AreOfferedAsync(http)) return await SignInEndpoints.RefusedAsync(http, providers, new() { Code = ReasonCode.CertificatesOff }, back ?? "/");
        try
        {
            var begun = await certificates.BeginAsync(http, Navigation.Local(back ?? "/"), http.Request.Cookies[Cookie] ?? "");
            http.Response.Cookies.Append(Cookie, begun.Browser, Options());
            return Navigation.SeeOther(http, certificates.PlaceOf(http) + "/" + QueryString.Create("state", begun.State));
        }
        catch (RpcException e) { return await SignInEndpoints.RefusedAsync(http, providers, BrokerReason.Of(e), back ?? "/"); }
    }

    private static async Task<IResult> FinishAsync(HttpContext http, CertificateCalls certificates, ProviderCalls providers, BrokerCalls broker)
    {
        if (!http.Request.HasFormContentType) return MessagePage.Forbidden(http);
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        FinishCertificateSignInResponse done;
        try { done = await certificates.FinishAsync(http, form["hand_over"].ToString(), http.Request.Cookies[Cookie] ?? ""); }
        catch (RpcException e) { return await SignInEndpoints.RefusedAsync(http, providers, BrokerReason.Of(e), "/"); }
        var back = Navigation.Local(done.Back);
        if (done.OutcomeCase is FinishCertificateSignInResponse.OutcomeOneofCase.SecondStep) return ProviderEndpoints.Onward(http, StepCookie.Keep(http, done.SecondStep, back), leaving: false);
        await SecondStepEndpoints.EnterAsync(http, broker, done.SignedIn);
        return ProviderEndpoints.Onward(http, back, leaving: false);
    }

    // The address where certificates are shown has no pages: it sends the browser here to say why not.
    private static Task<IResult> RefusedAsync(HttpContext http, ProviderCalls providers, string? reason) => SignInEndpoints.RefusedAsync(
        http, providers, new() { Code = Enum.GetValues<ReasonCode>().FirstOrDefault(code => ReasonTexts.Name(code) == reason, ReasonCode.CertificateNotTrusted) }, "/");

    // Sent along wherever the address for certificates is; it opens nothing without what comes from there.
    private static CookieOptions Options() => new() { Path = "/", HttpOnly = true, Secure = true, SameSite = SameSiteMode.None, IsEssential = true, MaxAge = TimeSpan.FromMinutes(10) };
}
