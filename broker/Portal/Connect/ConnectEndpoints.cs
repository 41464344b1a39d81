using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Desktops;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>From the click to the way in: ask, wait, then a file or a command made at the moment it is wanted.</summary>
internal static class ConnectEndpoints
{
    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapPost("/connect", Begin).RequireAuthorization().WithFormGuard();
        portal.MapGet("/connect/{handle}", Show).RequireAuthorization();
        portal.MapGet("/connect/{handle}/progress", ConnectProgress.Stream).RequireAuthorization();
        portal.MapPost("/connect/{handle}/leave", Leave).RequireAuthorization().WithFormGuard();
        WayInEndpoints.Map(portal);
    }

    private static async Task<IResult> Begin(HttpContext http, BrokerCalls broker, LaunchHandles handles)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var pool = form["pool"].ToString();
        var desktop = (await broker.DesktopsAsync(http)).FirstOrDefault(d => CardKey.Of(d) == pool);
        if (desktop is null) return MessagePage.Refusal(http, new Reason { Code = ReasonCode.PoolUnknown }, StatusCodes.Status404NotFound);
        var handle = handles.Make(http, new(CardKey.Of(desktop), Guid.NewGuid(), desktop.Name));
        return Navigation.SeeOther(http, $"/connect/{handle}");
    }

    private static async Task<IResult> Leave(HttpContext http, string handle, BrokerCalls broker, LaunchHandles handles)
    {
        if (handles.Read(http, handle) is not { } launching) return MessagePage.NotFound(http);
        await broker.LeaveQueueAsync(http, launching.Pool);
        return Navigation.SeeOther(http, "/");
    }

    private static async Task<IResult> Show(HttpContext http, string handle, BrokerCalls broker, LaunchHandles handles, IOptions<PortalOptions> options, TimeProvider time)
    {
        if (handles.Read(http, handle) is not { } launching) return MessagePage.NotFound(http);
        using var call = await broker.LaunchAsync(http, launching.Pool, launching.Request, forFile: false, http.RequestAborted);
        var progress = await LaunchAnswer.WithinAsync(call, options.Value.FirstAnswer, stopAtWaiting: true, time, http.RequestAborted);
        return await PageAsync(http, launching, handle, progress, null);
    }

    /// <summary>The page for whatever the broker said; a command, when there is one, is shown once and kept nowhere.</summary>
    public static async Task<IResult> PageAsync(HttpContext http, Launching launching, string handle, LaunchProgress progress, ShownCommand? command)
    {
        var page = PageContext.Of(http);
        switch (progress.KindCase)
        {
            case LaunchProgress.KindOneofCase.Ready:
                var broker = (BrokerCalls)http.RequestServices.GetService(typeof(BrokerCalls))!;
                var desktop = (await broker.DesktopsAsync(http)).FirstOrDefault(d => CardKey.Of(d) == launching.Pool);
                var portal = (IOptions<PortalOptions>)http.RequestServices.GetService(typeof(IOptions<PortalOptions>))!;
                return new RazorComponentResult<ReadyPage>(new
                {
                    portal.Value.RdGateway,
                    Page = page, launching.Name, launching.Pool, Handle = handle, progress.Ready.Reconnection, Desktop = desktop, Command = command,
                });
            case LaunchProgress.KindOneofCase.Refused:
                return new RazorComponentResult<RefusedPage>(new { Page = page, launching.Pool, launching.Name, Reason = progress.Refused })
                {
                    StatusCode = StatusCodes.Status409Conflict,
                };
            default:
                var options = (IOptions<PortalOptions>)http.RequestServices.GetService(typeof(IOptions<PortalOptions>))!;
                return new RazorComponentResult<WaitingPage>(new
                {
                    Page = page, launching.Name, Handle = handle, progress.Waiting, Seconds = (int)options.Value.WaitingRefresh.TotalSeconds,
                });
        }
    }
}
