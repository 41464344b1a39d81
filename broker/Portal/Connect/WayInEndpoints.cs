using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>
/// The file and the command. A ticket lives a minute and works once, so each click asks for a fresh one under a fresh
/// request; the broker answers with the same session. A ticket is only ever in the body of an answer to a form.
/// </summary>
internal static class WayInEndpoints
{
    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapPost("/connect/{handle}/file", File).RequireAuthorization().WithFormGuard();
        portal.MapPost("/connect/{handle}/command", Command).RequireAuthorization().WithFormGuard();
    }

    private static async Task<IResult> File(HttpContext http, string handle, TicketDesk desk, LaunchHandles handles)
    {
        if (handles.Read(http, handle) is not { } launching) return MessagePage.NotFound(http);
        var (again, progress) = await desk.AskAsync(http, launching);
        if (progress.KindCase != LaunchProgress.KindOneofCase.Ready) return await NotReadyAsync(http, again, progress, handles);
        var bytes = RdpFile.Write(ReadyLaunch.Of(progress.Ready), PortalSession.UserName(http));
        return Results.File(bytes, RdpFile.ContentType, RdpFile.NameFor(launching.Name));
    }

    private static async Task<IResult> Command(HttpContext http, string handle, TicketDesk desk, LaunchHandles handles, IOptions<PortalOptions> options, TimeProvider time)
    {
        if (handles.Read(http, handle) is not { } launching) return MessagePage.NotFound(http);
        var (again, progress) = await desk.AskAsync(http, launching);
        if (progress.KindCase != LaunchProgress.KindOneofCase.Ready) return await NotReadyAsync(http, again, progress, handles);
        var line = FreeRdpCommand.Write(ReadyLaunch.Of(progress.Ready), PortalSession.UserName(http), options.Value.RdpCertificateSha256);
        var left = progress.Ready.ExpiresAt is { } at ? (int)(at.ToDateTimeOffset() - time.GetUtcNow()).TotalSeconds : 0;
        return await ConnectEndpoints.PageAsync(http, launching, handle, progress, new ShownCommand(line, Math.Max(0, left)));
    }

    // The session ended meanwhile: the page of the fresh request shows the wait or the refusal.
    private static async Task<IResult> NotReadyAsync(HttpContext http, Launching again, LaunchProgress progress, LaunchHandles handles) =>
        progress.KindCase == LaunchProgress.KindOneofCase.Waiting
            ? Navigation.SeeOther(http, $"/connect/{handles.Make(http, again)}")
            : await ConnectEndpoints.PageAsync(http, again, "", progress, null);
}
