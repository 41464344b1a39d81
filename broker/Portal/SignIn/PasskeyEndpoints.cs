using System.Text.Json.Nodes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.SignIn;

/// <summary>Signing in by a passkey, alone or after the password. Each is a question that the script asks, and a form post with the answer.</summary>
internal static class PasskeyEndpoints
{
    public const string AlonePath = "/sign-in/passkey";
    public const string StepPath = StepCookie.CodePath + "/passkey";
    public const string EnrolPath = StepCookie.EnrolPath + "/passkey";
    private const string CookieName = "__Host-montalegre-passkey";

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapPost(AlonePath + "/begin", BeginAsync).WithFormGuard();
        portal.MapPost(AlonePath, SignInAsync).WithFormGuard();
        portal.MapPost(StepPath + "/begin", BeginStepAsync).WithFormGuard();
        portal.MapPost(StepPath, ProveAsync).WithFormGuard();
        portal.MapPost(EnrolPath + "/begin", BeginNewAsync).WithFormGuard();
        portal.MapPost(EnrolPath, EnrolAsync).WithFormGuard();
    }

    /// <summary>The question for the script, or the sentence that it shows instead.</summary>
    public static async Task<IResult> QuestionAsync(HttpContext http, Func<Task<PasskeyQuestion>> ask)
    {
        try
        {
            var question = await ask();
            return Results.Json(new JsonObject { ["options"] = JsonNode.Parse(question.Options) });
        }
        catch (RpcException e) when (BrokerReason.Named(e) is ReasonCode.StepExpired) { return Results.Json(new JsonObject { ["go"] = StepCookie.CodePath }); }
        catch (RpcException e) when (BrokerReason.Named(e) is not ReasonCode.SignInAgain)
        {
            var reason = BrokerReason.Of(e);
            return Results.Json(new JsonObject { ["problem"] = ReasonTexts.Sentence(reason.Code, PageContext.Of(http).T.Culture) }, statusCode: SecondStepEndpoints.Status(reason));
        }
    }

    private static Task<IResult> BeginAsync(HttpContext http, PasskeyCalls passkeys) => QuestionAsync(http, async () =>
    {
        var question = await passkeys.BeginAsync(http);
        // Binds the question to this browser: an answer that somebody else got out of a person does not sign him in here.
        http.Response.Cookies.Append(CookieName, question.Challenge, Cookie());
        return question;
    });

    private static async Task<IResult> SignInAsync(HttpContext http, PasskeyCalls passkeys, ProviderCalls providers, BrokerCalls broker)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var challenge = http.Request.Cookies[CookieName] ?? "";
        http.Response.Cookies.Delete(CookieName, Cookie());
        try
        {
            await SecondStepEndpoints.EnterAsync(http, broker, await passkeys.SignInAsync(http, challenge, form["answer"].ToString()));
            return Navigation.SeeOther(http, Navigation.Local(form["return"].ToString()));
        }
        catch (RpcException e) when (BrokerReason.Named(e) is not null)
        {
            return await SignInEndpoints.RefusedAsync(http, providers, BrokerReason.Of(e), form["return"].ToString());
        }
    }

    private static Task<IResult> BeginStepAsync(HttpContext http, PasskeyCalls passkeys) => QuestionAsync(http, () => passkeys.BeginStepAsync(http, StepCookie.Read(http) ?? ""));

    private static Task<IResult> ProveAsync(HttpContext http, PasskeyCalls passkeys, FactorCalls factors, BrokerCalls broker) => SecondStepEndpoints.WithStepAsync(http, async step =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var back = form["return"].ToString();
        try
        {
            await SecondStepEndpoints.EnterAsync(http, broker, await passkeys.ProveAsync(http, step, form["answer"].ToString()));
            return Navigation.SeeOther(http, Navigation.Local(back));
        }
        catch (RpcException e) when (SecondStepEndpoints.MayBeTriedAgain(e)) { return await SecondStepEndpoints.CodePageAsync(http, step, recovery: false, back, BrokerReason.Of(e)); }
    });

    private static Task<IResult> BeginNewAsync(HttpContext http, PasskeyCalls passkeys) => QuestionAsync(http, () => passkeys.BeginNewAsync(http, StepCookie.Read(http) ?? ""));

    private static Task<IResult> EnrolAsync(HttpContext http, PasskeyCalls passkeys, BrokerCalls broker) => SecondStepEndpoints.WithStepAsync(http, async step =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var back = form["return"].ToString();
        try { return await SecondStepEndpoints.EnrolledAsync(http, broker, await passkeys.EnrolAsync(http, step, form["answer"].ToString(), form["name"].ToString()), back); }
        catch (RpcException e) when (SecondStepEndpoints.MayBeTriedAgain(e)) { return await SecondStepEndpoints.EnrolPageAsync(http, step, back, BrokerReason.Of(e)); }
    });

    private static CookieOptions Cookie() =>
        new() { Path = "/", HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, IsEssential = true, MaxAge = TimeSpan.FromMinutes(5) };
}
