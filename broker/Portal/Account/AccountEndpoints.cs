using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Account;

/// <summary>Where a person is signed in, and what to tell those who help.</summary>
internal static class AccountEndpoints
{
    // Without letters and digits that are mistaken for one another on the telephone.
    private const string ReferenceLetters = "23456789BCDFGHJKLMNPQRSTVWXZ";

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet("/account", Show).RequireAuthorization();
        portal.MapPost("/account/sign-ins/end", End).RequireAuthorization().WithFormGuard();
        portal.MapGet("/account/looks", ShowLooks).RequireAuthorization();
        portal.MapGet("/help", Help);
        portal.MapGet("/accessibility", (HttpContext http) => new RazorComponentResult<AccessibilityPage>(new { Page = PageContext.Of(http) }));
    }

    private static async Task<IResult> Show(HttpContext http, BrokerCalls broker, FactorCalls factors, PasskeyCalls passkeys, string? ended, string? done) =>
        new RazorComponentResult<AccountPage>(new
        {
            Page = PageContext.Of(http), SignIns = await broker.SignInsAsync(http), Factors = await factors.ListAsync(http), Ended = ended == "1", Done = done, PasskeysHere = await passkeys.AreOfferedAsync(http),
        });

    private static async Task<IResult> ShowLooks(HttpContext http, BrokerCalls broker) =>
        new RazorComponentResult<LooksPage>(new { Page = PageContext.Of(http), Assistances = await broker.AssistancesAsync(http) });

    private static async Task<IResult> End(HttpContext http, BrokerCalls broker)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        await broker.EndSignInsAsync(http, form["sign-in"].ToString());
        return Navigation.SeeOther(http, "/account?ended=1");
    }

    private static RazorComponentResult<HelpPage> Help(HttpContext http, ILogger<BrokerCalls> log)
    {
        var reference = RandomNumberGenerator.GetString(ReferenceLetters, 8).Insert(4, "-");
        // The log is what makes the reference worth something: who, from where, and in which trace.
        log.HelpAsked(reference, PortalSession.UserName(http), http.Connection.RemoteIpAddress?.ToString() ?? "");
        return new(new { Page = PageContext.Of(http), Reference = reference });
    }
}
