using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Portal.Desktops;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.InBrowser;

/// <summary>The desktop in the browser itself: its page, and the launch its script asks for.</summary>
internal static class InBrowserEndpoints
{
    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet("/desktop/{pool}", Show).RequireAuthorization();
        portal.MapGet("/desktop/monitor", (Delegate)ShowMonitor).RequireAuthorization();
        portal.MapPost("/desktop/{pool}/launch", LaunchEvents.Stream).RequireAuthorization().WithFormGuard();
    }

    private static async Task<IResult> Show(HttpContext http, string pool, BrokerCalls broker)
    {
        var desktop = (await broker.DesktopsAsync(http)).FirstOrDefault(d => CardKey.Of(d) == pool);
        if (desktop is null) return MessagePage.Refusal(http, new Reason { Code = ReasonCode.PoolUnknown }, StatusCodes.Status404NotFound);
        var page = PageContext.Of(http);
        if (!page.InBrowser) return MessagePage.Refusal(http, new Reason { Code = ReasonCode.BrowserDesktopUnavailable }, StatusCodes.Status503ServiceUnavailable);
        SecurityHeaders.AllowDesktop(http.Response);
        return new RazorComponentResult<InBrowserPage>(new { Page = page, Desktop = desktop, ByItself = CameByChoice(http.Request) });
    }

    private static RazorComponentResult<MonitorPage> ShowMonitor(HttpContext http)
    {
        SecurityHeaders.AllowDesktop(http.Response);
        return new(new { Page = PageContext.Of(http) });
    }

    // A link on another site may show the page, but must not start a machine: there the person presses the button.
    private static bool CameByChoice(HttpRequest request) => request.Headers["Sec-Fetch-Site"].ToString() is "same-origin" or "none";
}
