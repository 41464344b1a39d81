using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Desktops;
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
    /// <summary>Value of the form field "way" that asks for the RDP door itself.</summary>
    public const string Direct = "direct";

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapPost("/connect/{handle}/file", File).RequireAuthorization().WithFormGuard();
        portal.MapPost("/connect/{handle}/command", Command).RequireAuthorization().WithFormGuard();
    }

    private static async Task<IResult> File(HttpContext http, string handle, TicketDesk desk, LaunchHandles handles, BrokerCalls broker, IOptions<PortalOptions> options, RdpSigning signing)
    {
        if (handles.Read(http, handle) is not { } launching) return MessagePage.NotFound(http);
        // Before the ticket, which is already getting old when it is there. A desktop that is not offered any more is refused there.
        var blocked = (await broker.DesktopsAsync(http)).FirstOrDefault(d => CardKey.Of(d) == launching.Pool)?.BlockedFeatures ?? [];
        var (again, progress) = await desk.AskAsync(http, launching);
        if (progress.KindCase != LaunchProgress.KindOneofCase.Ready) return await NotReadyAsync(http, again, progress, handles);
        var (user, signature) = (PortalSession.UserName(http), signing.Signature);
        var bytes = await GatewayAsync(http, progress.Ready, options.Value) is { } gateway
            ? RdpFile.Write(gateway, user, blocked, signature)
            : RdpFile.Write(ReadyLaunch.Of(progress.Ready), user, blocked, signature);
        return Results.File(bytes, RdpFile.ContentType, RdpFile.NameFor(launching.Name));
    }

    private static async Task<IResult> Command(HttpContext http, string handle, TicketDesk desk, LaunchHandles handles, IOptions<PortalOptions> options, TimeProvider time)
    {
        if (handles.Read(http, handle) is not { } launching) return MessagePage.NotFound(http);
        var (again, progress) = await desk.AskAsync(http, launching);
        if (progress.KindCase != LaunchProgress.KindOneofCase.Ready) return await NotReadyAsync(http, again, progress, handles);
        var (user, certificate) = (PortalSession.UserName(http), options.Value.RdpCertificateSha256);
        var line = await GatewayAsync(http, progress.Ready, options.Value) is { } gateway
            ? FreeRdpCommand.Write(gateway, user, certificate)
            : FreeRdpCommand.Write(ReadyLaunch.Of(progress.Ready), user, certificate);
        var left = progress.Ready.ExpiresAt is { } at ? (int)(at.ToDateTimeOffset() - time.GetUtcNow()).TotalSeconds : 0;
        return await ConnectEndpoints.PageAsync(http, launching, handle, progress, new ShownCommand(line, Math.Max(0, left)));
    }

    // The session ended meanwhile: the page of the fresh request shows the wait or the refusal.
    private static async Task<IResult> NotReadyAsync(HttpContext http, Launching again, LaunchProgress progress, LaunchHandles handles) =>
        progress.KindCase == LaunchProgress.KindOneofCase.Waiting
            ? Navigation.SeeOther(http, $"/connect/{handles.Make(http, again)}")
            : await ConnectEndpoints.PageAsync(http, again, "", progress, null);

    // Where the pages came through, RDP inside HTTPS comes through; the other way is for those who ask for it.
    private static async Task<GatewayLaunch?> GatewayAsync(HttpContext http, LaunchReady ready, PortalOptions options)
    {
        if (!options.RdGateway) return null;
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        return form["way"] == Direct ? null : GatewayLaunch.Of(ready, http.Request.Host);
    }
}
