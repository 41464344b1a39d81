using Microsoft.AspNetCore.Builder;
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

    private static async Task<IResult> Ask(HttpContext http, string session, BrokerCalls broker)
    {
        var desktop = (await broker.DesktopsAsync(http)).FirstOrDefault(d => d.SessionId == session);
        return desktop is null
            ? MessagePage.Refusal(http, new Reason { Code = ReasonCode.SessionEnded }, StatusCodes.Status404NotFound)
            : new RazorComponentResult<LogOffPage>(new { Page = PageContext.Of(http), Desktop = desktop });
    }

    private static async Task<IResult> Do(HttpContext http, string session, BrokerCalls broker)
    {
        var answer = await broker.LogOffAsync(http, session);
        return answer.Refused is { Code: not ReasonCode.Unspecified } refused
            ? MessagePage.Refusal(http, refused, StatusCodes.Status422UnprocessableEntity)
            : Navigation.SeeOther(http, "/?logged=off");
    }

    private static async Task<IResult> AskRestart(HttpContext http, string session, BrokerCalls broker)
    {
        var desktop = (await broker.DesktopsAsync(http)).FirstOrDefault(d => d.SessionId == session);
        return desktop is null
            ? MessagePage.Refusal(http, new Reason { Code = ReasonCode.SessionEnded }, StatusCodes.Status404NotFound)
            : new RazorComponentResult<RestartPage>(new { Page = PageContext.Of(http), Desktop = desktop });
    }

    private static async Task<IResult> Restart(HttpContext http, string session, BrokerCalls broker)
    {
        var answer = await broker.RestartAsync(http, session);
        return answer.Refused is { Code: not ReasonCode.Unspecified } refused
            ? MessagePage.Refusal(http, refused, StatusCodes.Status422UnprocessableEntity)
            : Navigation.SeeOther(http, "/?restarted=1");
    }
}
