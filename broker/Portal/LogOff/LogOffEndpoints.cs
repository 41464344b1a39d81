using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.LogOff;

internal static class LogOffEndpoints
{
    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet("/sessions/{session}/log-off", Ask).RequireAuthorization();
        portal.MapPost("/sessions/{session}/log-off", Do).RequireAuthorization().WithFormGuard();
        portal.MapGet("/sessions/{session}/restart", AskRestart).RequireAuthorization();
        portal.MapPost("/sessions/{session}/restart", Restart).RequireAuthorization().WithFormGuard();
    }

    private static Task<IResult> Ask(HttpContext http, string session, BrokerCalls broker) => AskAsync<LogOffPage>(http, session, broker);

    private static Task<IResult> AskRestart(HttpContext http, string session, BrokerCalls broker) => AskAsync<RestartPage>(http, session, broker);

    private static async Task<IResult> Do(HttpContext http, string session, BrokerCalls broker) => Answer(http, (await broker.LogOffAsync(http, session)).Refused, "/?logged=off");

    private static async Task<IResult> Restart(HttpContext http, string session, BrokerCalls broker) => Answer(http, (await broker.RestartAsync(http, session)).Refused, "/?restarted=1");

    /// <summary>The page that says what it will cost, as long as the session is the person's and open.</summary>
    private static async Task<IResult> AskAsync<TPage>(HttpContext http, string session, BrokerCalls broker) where TPage : IComponent
    {
        // All that it ends: cards of other things in the same pool say what is open there; else those that are open say it together.
        var cards = (await broker.DesktopsAsync(http)).Where(d => d.SessionId == session).ToList();
        var desktop = cards.MinBy(d => d.OpenInstead.Length > 0);
        if (desktop is not null) desktop.Name = cards.Select(d => d.OpenInstead).FirstOrDefault(open => open.Length > 0) ?? string.Join(", ", cards.Select(d => d.Name));
        return desktop is null
            ? MessagePage.Refusal(http, new Reason { Code = ReasonCode.SessionEnded }, StatusCodes.Status404NotFound)
            : new RazorComponentResult<TPage>(new { Page = PageContext.Of(http), Desktop = desktop });
    }

    private static IResult Answer(HttpContext http, Reason? refused, string done) => refused is { Code: not ReasonCode.Unspecified }
        ? MessagePage.Refusal(http, refused, StatusCodes.Status422UnprocessableEntity)
        : Navigation.SeeOther(http, done);
}
