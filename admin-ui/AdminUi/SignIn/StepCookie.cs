using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>Binds a sign-in that is half done to the browser that gave the password: its token is in this cookie and nowhere else.</summary>
internal static class StepCookie
{
    public const string Name = "__Host-montalegre-console-step";

    public static string? Read(HttpContext context) => context.Request.Cookies[Name] is { Length: > 0 } step ? step : null;

    /// <summary>To the page of the second step, which leads back to where the administrator wanted to go.</summary>
    public static IResult GoOn(HttpContext context, PendingStep step, string? returnUrl) => Results.Redirect(Keep(context, step, returnUrl));

    /// <summary>Keeps the step in its cookie and answers the address of its page.</summary>
    public static string Keep(HttpContext context, PendingStep step, string? returnUrl)
    {
        context.Response.Cookies.Append(Name, step.Step, Options(step.ExpiresAt.ToDateTimeOffset()));
        return (step.MustEnrol ? "/sign-in/app" : "/sign-in/code") + QueryString.Create("return", LocalUrl.OrHome(returnUrl));
    }

    public static void Forget(HttpContext context) => context.Response.Cookies.Delete(Name, Options(null));

    private static CookieOptions Options(DateTimeOffset? expires) =>
        new() { Path = "/", HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, IsEssential = true, Expires = expires };
}
