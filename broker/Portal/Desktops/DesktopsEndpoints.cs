using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Languages;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.Desktops;

internal static class DesktopsEndpoints
{
    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet("/", Show).RequireAuthorization();
        portal.MapGet("/desktops/{pool}/state", State).RequireAuthorization();
    }

    private static async Task<IResult> Show(HttpContext http, BrokerCalls broker, string? logged)
    {
        var desktops = await broker.DesktopsAsync(http);
        return new RazorComponentResult<DesktopsPage>(new { Page = PageContext.Of(http), Desktops = desktops, LoggedOff = logged == "off" });
    }

    /// <summary>Only the lines of state, for the script of the connect page.</summary>
    private static async Task<IResult> State(HttpContext http, string pool, BrokerCalls broker, TimeProvider time)
    {
        var desktop = (await broker.DesktopsAsync(http)).FirstOrDefault(d => d.PoolId == pool);
        return desktop is null
            ? Results.NotFound()
            : new RazorComponentResult<LiveState>(new { Desktop = desktop, T = Language.Of(http), Now = time.GetLocalNow() });
    }
}
