using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.Hosting;

internal static class AssetEndpoints
{
    public static void Map(IEndpointRouteBuilder portal) => portal.MapGet("/assets/{name}", Serve);

    private static IResult Serve(string name, HttpContext http, PortalAssets assets)
    {
        if (assets.Find(name) is not { } asset) return MessagePage.NotFound(http);
        http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return Results.Bytes(asset.Bytes, asset.ContentType);
    }
}
