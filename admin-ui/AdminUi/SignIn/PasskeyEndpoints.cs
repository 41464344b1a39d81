using System.Text.Json.Nodes;
using Grpc.Core;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>Passkeys at the console: alone, after the password, and the administrator's own. Each is a question that the script asks, and a form post with the answer.</summary>
internal static class PasskeyEndpoints
{
    public const string AlonePath = "/sign-in/passkey";
    public const string StepPath = "/sign-in/code/passkey";
    public const string EnrolPath = "/sign-in/app/passkey";
    public const string OwnPath = "/account/passkeys";
    public const string AccountPath = "/account";
    private const string CookieName = "__Host-montalegre-console-passkey";

    public static void MapPasskeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(AlonePath + "/begin", BeginAsync).AllowAnonymous();
        routes.MapPost(AlonePath, SignInAsync).AllowAnonymous();
        routes.MapPost(StepPath + "/begin", BeginStepAsync).AllowAnonymous();
        routes.MapPost(StepPath, ProveAsync).AllowAnonymous();
        routes.MapPost(EnrolPath + "/begin", BeginNewAsync).AllowAnonymous();
        routes.MapPost(EnrolPath, EnrolAsync).AllowAnonymous();
        routes.MapPost(OwnPath + "/begin", BeginOwnAsync);
        routes.MapPost(OwnPath, AddAsync);
        routes.MapPost(OwnPath + "/rename", RenameAsync);
        routes.MapPost(OwnPath + "/remove", RemoveAsync);
    }

    private static Task<IResult> BeginAsync([FromForm(Name = "return")] string? _, BrokerChannel broker, Language say, HttpContext context, CancellationToken ct) => QuestionAsync(say, async () =>
    {
        var question = await Alone(broker).BeginAsync(new() { ClientAddress = SignInEndpoints.AddressOf(context) }, cancellationToken: ct);
        // Binds the question to this browser: an answer that somebody else got out of a person does not sign him in here.
        context.Response.Cookies.Append(CookieName, question.Challenge, Cookie());
        return question;
    });

    private static async Task<IResult> SignInAsync(
        [FromForm] string? answer, [FromForm(Name = "return")] string? returnUrl, BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        var request = new PasskeySignInRequest
        {
            Challenge = context.Request.Cookies[CookieName] ?? "", Answer = answer ?? "", AtConsole = true, ClientAddress = SignInEndpoints.AddressOf(context),
        };
        context.Response.Cookies.Delete(CookieName, Cookie());
        try
        {
            await SignInEndpoints.EnterAsync(context, await Alone(broker).SignInAsync(request, cancellationToken: ct), log);
            return Results.Redirect(LocalUrl.OrHome(returnUrl));
        }
        catch (RpcException e) { return SecondStepEndpoints.Refuse(context, e, ConsoleCookies.SignInPath, null, returnUrl, log); }
    }

    private static Task<IResult> BeginStepAsync([FromForm(Name = "return")] string? _, BrokerChannel broker, Language say, HttpContext context, CancellationToken ct) => QuestionAsync(say, async () =>
        await Steps(broker).BeginPasskeyAsync(new() { Step = StepCookie.Read(context) ?? "" }, cancellationToken: ct));

    private static async Task<IResult> ProveAsync(
        [FromForm] string? answer, [FromForm(Name = "return")] string? returnUrl, BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        var request = new ProvePasskeyRequest { Step = StepCookie.Read(context) ?? "", Answer = answer ?? "", ClientAddress = SignInEndpoints.AddressOf(context) };
        try
        {
            await SignInEndpoints.EnterAsync(context, await Steps(broker).ProvePasskeyAsync(request, cancellationToken: ct), log);
            return Results.Redirect(LocalUrl.OrHome(returnUrl));
        }
        catch (RpcException e) { return SecondStepEndpoints.Refuse(context, e, "/sign-in/code", null, returnUrl, log); }
    }

    private static Task<IResult> BeginNewAsync([FromForm(Name = "return")] string? _, BrokerChannel broker, Language say, HttpContext context, CancellationToken ct) => QuestionAsync(say, async () =>
        await Steps(broker).BeginNewPasskeyAsync(new() { Step = StepCookie.Read(context) ?? "" }, cancellationToken: ct));

    private static async Task<IResult> EnrolAsync(
        [FromForm] string? answer, [FromForm] string? name, [FromForm(Name = "return")] string? returnUrl, BrokerChannel broker, HttpContext context, ILogger<BrokerChannel> log, CancellationToken ct)
    {
        var request = new EnrolPasskeyRequest { Step = StepCookie.Read(context) ?? "", Answer = answer ?? "", Name = name ?? "", ClientAddress = SignInEndpoints.AddressOf(context) };
        try
        {
            var done = await Steps(broker).EnrolPasskeyAsync(request, cancellationToken: ct);
            await SignInEndpoints.EnterAsync(context, done, log);
            return new RazorComponentResult<RecoveryCodesPage>(new { Context = context, Codes = done.RecoveryCodes, On = LocalUrl.OrHome(returnUrl) });
        }
        catch (RpcException e) { return SecondStepEndpoints.Refuse(context, e, "/sign-in/app", null, returnUrl, log); }
    }

    private static Task<IResult> BeginOwnAsync([FromForm(Name = "return")] string? _, Broker broker, Language say, HttpContext context, CancellationToken ct) => QuestionAsync(say, async () =>
    {
        broker.Begin(context.User);
        return await broker.Factors.BeginPasskeyAsync(new(), cancellationToken: ct);
    });

    private static Task<IResult> AddAsync([FromForm] string? answer, [FromForm] string? name, Broker broker, HttpContext context, CancellationToken ct) => OwnAsync(broker, context, "added", async () =>
    {
        var codes = (await broker.Factors.AddPasskeyAsync(new() { Answer = answer ?? "", Name = name ?? "" }, cancellationToken: ct)).Codes;
        return codes.Count == 0 ? null : new RazorComponentResult<RecoveryCodesPage>(new { Context = context, Codes = codes, On = AccountPath });
    });

    private static Task<IResult> RenameAsync([FromForm] string? passkey, [FromForm] string? name, Broker broker, HttpContext context, CancellationToken ct) => OwnAsync(broker, context, "renamed", async () =>
    {
        await broker.Factors.RenamePasskeyAsync(new() { PasskeyId = passkey ?? "", Name = name ?? "" }, cancellationToken: ct);
        return null;
    });

    private static Task<IResult> RemoveAsync([FromForm] string? passkey, Broker broker, HttpContext context, CancellationToken ct) => OwnAsync(broker, context, "removed", async () =>
    {
        await broker.Factors.RemovePasskeyAsync(new() { PasskeyId = passkey ?? "" }, cancellationToken: ct);
        return null;
    });

    // Back to the account's page with what was done, or with the reason why not.
    private static async Task<IResult> OwnAsync(Broker broker, HttpContext context, string done, Func<Task<IResult?>> act)
    {
        broker.Begin(context.User);
        try { return await act() ?? Results.Redirect(AccountPath + QueryString.Create("done", done)); }
        catch (RpcException e) when (e.Reason() is ReasonCode.SignInAgain) { return Results.Redirect(SignInAgain); }
        catch (RpcException e) { return Results.Redirect(AccountPath + QueryString.Create("reason", ReasonTexts.Name(e.Reason()))); }
    }

    private static async Task<IResult> QuestionAsync(Language say, Func<Task<PasskeyQuestion>> ask)
    {
        try
        {
            return Results.Json(new JsonObject { ["options"] = JsonNode.Parse((await ask()).Options) });
        }
        catch (RpcException e) when (e.Reason() is ReasonCode.StepExpired) { return Go(ConsoleCookies.SignInPath + QueryString.Create("reason", ReasonTexts.Name(ReasonCode.StepExpired))); }
        catch (RpcException e) when (e.Reason() is ReasonCode.SignInAgain) { return Go(SignInAgain); }
        catch (RpcException e) { return Results.Json(new JsonObject { ["problem"] = e.Sentence(say.Culture) }, statusCode: StatusCodes.Status422UnprocessableEntity); }
    }

    private static string SignInAgain => ConsoleCookies.SignInPath + QueryString.Create("reason", ReasonTexts.Name(ReasonCode.SignInAgain)).Add("return", AccountPath);

    private static IResult Go(string where) => Results.Json(new JsonObject { ["go"] = where });

    private static PasskeySignIn.PasskeySignInClient Alone(BrokerChannel broker) => new(broker.Channel);

    private static SecondStep.SecondStepClient Steps(BrokerChannel broker) => new(broker.Channel);

    private static CookieOptions Cookie() =>
        new() { Path = "/", HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, IsEssential = true, MaxAge = TimeSpan.FromMinutes(5) };
}
