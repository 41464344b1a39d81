using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Languages;
using Montalegre.Vdi.Portal.Pages;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Desktops;

internal static class DesktopsEndpoints
{
    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet("/", Show).RequireAuthorization();
        portal.MapGet("/desktops/{pool}/state", State).RequireAuthorization();
        portal.MapGet("/applications/{application}/icon/{sum}", Icon).RequireAuthorization();
        portal.MapPost("/favourites", SetFavourite).RequireAuthorization().WithFormGuard();
    }

    private static async Task<IResult> Show(HttpContext http, BrokerCalls broker, string? logged, string? restarted)
    {
        // The script comes every few seconds, and only for the cards.
        var content = PortalSession.IsAskedByScript(http) ? Task.FromResult(new GetContentResponse()) : broker.ContentAsync(http);
        var desktops = await broker.DesktopsAsync(http);
        return new RazorComponentResult<DesktopsPage>(new { Page = PageContext.Of(http), Desktops = desktops, Content = await content, LoggedOff = logged == "off", Restarted = restarted == "1" });
    }

    private static async Task<IResult> SetFavourite(HttpContext http, BrokerCalls broker)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var add = form["add"].ToString();
        await broker.SetFavouriteAsync(http, add.Length > 0 ? add : form["remove"].ToString(), add.Length > 0);
        return Navigation.SeeOther(http, "/");
    }

    // The address has the picture's sum: another picture is another address, so the browser asks once for each.
    private static async Task<IResult> Icon(HttpContext http, string application, BrokerCalls broker)
    {
        ReadOnlyMemory<byte> png;
        try { png = await broker.IconAsync(http, application); }
        catch (RpcException e) when (BrokerReason.Named(e) is ReasonCode.NotFound) { return MessagePage.NotFound(http); }
        http.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        // A picture opened by itself is nothing but a picture, whatever a browser takes it for.
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        return Results.Bytes(png, "image/png");
    }

    /// <summary>Only the lines of state, for the script of the connect page.</summary>
    private static async Task<IResult> State(HttpContext http, string pool, BrokerCalls broker, TimeProvider time)
    {
        var desktop = (await broker.DesktopsAsync(http)).FirstOrDefault(d => CardKey.Of(d) == pool);
        return desktop is null
            ? Results.NotFound()
            : new RazorComponentResult<LiveState>(new { Desktop = desktop, T = Language.Of(http), Now = time.GetLocalNow() });
    }
}
