using Microsoft.AspNetCore.Http;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.SignIn;

/// <summary>Binds a sign-in that is half done to the browser that gave the password: its token is in this cookie and nowhere else.</summary>
internal static class StepCookie
{
    public const string Name = "__Host-montalegre-step";
    public const string CodePath = "/sign-in/code";
    public const string EnrolPath = "/sign-in/app";

    public static string? Read(HttpContext http) => http.Request.Cookies[Name];

    /// <summary>To the page of the second step, which leads back to where the person wanted to go.</summary>
    public static IResult GoOn(HttpContext http, PendingStep step, string back) => Navigation.SeeOther(http, Keep(http, step, back));

    /// <summary>Keeps the step in its cookie and answers the address of its page.</summary>
    public static string Keep(HttpContext http, PendingStep step, string back)
    {
        http.Response.Cookies.Append(Name, step.Step, Options(step.ExpiresAt.ToDateTimeOffset()));
        return To(step.MustEnrol ? EnrolPath : CodePath, back);
    }

    public static void Forget(HttpContext http) => http.Response.Cookies.Delete(Name, Options(null));

    public static string To(string path, string back, bool recovery = false)
    {
        var query = new QueryString();
        if (recovery) query = query.Add("way", "recovery");
        if (Navigation.Local(back) is var local and not "/") query = query.Add("return", local);
        return path + query;
    }

    private static CookieOptions Options(DateTimeOffset? expires) =>
        new() { Path = "/", HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, IsEssential = true, Expires = expires };
}
