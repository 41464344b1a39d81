using Grpc.Core;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>
/// Signing in with a certificate: the browser is sent to a gateway's address for them, and posts back what it got for it. The
/// console itself asks for none, because only gateways can vouch for a handshake. The cookie binds both to the browser.
/// </summary>
internal static class CertificateEndpoints
{
    public const string Path = "/sign-in/certificate";
    private const string Cookie = "__Host-montalegre-console-certificate";
    private const int LongestForm = 16 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static void MapCertificates(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, BeginAsync).AllowAnonymous();
        routes.MapGet(Path + "/refused", Refused).AllowAnonymous();
        // It is from another address of ours; the cookie says whether this browser began it.
        routes.MapPost(Path, FinishAsync).AllowAnonymous().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(LongestForm));
    }

    /// <summary>Whether there is somewhere to show one and somebody who takes it.</summary>
    public static async Task<bool> AreOfferedAsync(BrokerChannel broker, ConsoleOptions options) =>
        options.CertificateAddress.Length > 0 && (await Client(broker).GetPlaceAsync(new(), deadline: DateTime.UtcNow.AddSeconds(3))).Offered;

    /// <summary>Where the button leads.</summary>
    public static string To(string? returnUrl) => Path + QueryString.Create("return", LocalUrl.OrHome(returnUrl));

    private static CertificateSignIn.CertificateSignInClient Client(BrokerChannel broker) => new(broker.Channel);

    private static async Task<IResult> BeginAsync([FromQuery(Name = "return")] string? returnUrl, BrokerChannel broker, IOptions<ConsoleOptions> options, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        if (options.Value.CertificateAddress.Length == 0) return Refuse(context, ReasonTexts.Name(ReasonCode.CertificatesOff), returnUrl, log);
        try
        {
            var begun = await Client(broker).BeginAsync(new()
            {
                Console = true, Back = LocalUrl.OrHome(returnUrl), Browser = context.Request.Cookies[Cookie] ?? "", ClientAddress = SignInEndpoints.AddressOf(context),
            }, deadline: DateTime.UtcNow + Patience, cancellationToken: ct);
            // Sent along wherever the address for certificates is; it opens nothing without what comes from there.
            context.Response.Cookies.Append(Cookie, begun.Browser, new() { Path = "/", HttpOnly = true, Secure = true, SameSite = SameSiteMode.None, IsEssential = true, MaxAge = TimeSpan.FromMinutes(10) });
            return Results.Redirect(options.Value.CertificateAddress.TrimEnd('/') + "/" + QueryString.Create("state", begun.State));
        }
        catch (RpcException e) { return Refuse(context, ReasonTexts.Name(e.Reason()), returnUrl, log); }
    }

    private static async Task<IResult> FinishAsync(BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        if (!context.Request.HasFormContentType) return Results.BadRequest();
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            var form = await context.Request.ReadFormAsync(ct);
            // Not given up with the request: what the browser brought is good once.
            var done = await Client(broker).FinishAsync(new()
            {
                HandOver = form["hand_over"].ToString(), Browser = context.Request.Cookies[Cookie] ?? "", Console = true, ClientAddress = SignInEndpoints.AddressOf(context),
            }, deadline: DateTime.UtcNow + Patience, cancellationToken: CancellationToken.None);
            if (done.OutcomeCase is FinishCertificateSignInResponse.OutcomeOneofCase.SecondStep) return ProviderEndpoints.Onward(context, StepCookie.Keep(context, done.SecondStep, done.Back), leaving: false);
            await SignInEndpoints.EnterAsync(context, done.SignedIn, log);
            return ProviderEndpoints.Onward(context, LocalUrl.OrHome(done.Back), leaving: false);
        }
        catch (Exception e) when (e is InvalidDataException or IOException) { return Results.BadRequest(); }
        catch (RpcException e) { return Refuse(context, ReasonTexts.Name(e.Reason()), null, log); }
    }

    // The address where certificates are shown has no pages: it sends the browser here to say why not.
    private static IResult Refused(string? reason, HttpContext context, ILogger<BrokerChannel> log) => Refuse(context, reason ?? "", null, log);

    private static IResult Refuse(HttpContext context, string reason, string? returnUrl, ILogger log)
    {
        log.SignInRefused("", SignInEndpoints.AddressOf(context), BrokerRefusal.Parse(reason) is { } known ? ReasonTexts.Name(known) : "");
        return Results.Redirect(ConsoleCookies.SignInPath + QueryString.Create("reason", reason).Add("return", LocalUrl.OrHome(returnUrl)));
    }
}
