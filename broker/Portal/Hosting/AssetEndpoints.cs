using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.Hosting;

internal static class AssetEndpoints
{
    public static void Map(IEndpointRouteBuilder portal) => portal.MapGet("/assets/{**path}", Serve);

    /// <summary>An asset in the form this browser takes.</summary>
    public static IResult Of(PortalAssets.Asset asset, HttpContext http)
    {
        http.Response.Headers.Vary = "Accept-Encoding";
        var accepted = http.Request.GetTypedHeaders().AcceptEncoding;
        if (asset.Brotli is null || !accepted.Any(a => a.Quality is not 0 && StringSegment.Equals(a.Value, "br", StringComparison.OrdinalIgnoreCase)))
            return Results.Bytes(asset.Bytes, asset.ContentType);
        http.Response.Headers.ContentEncoding = "br";
        return Results.Bytes(asset.Brotli, asset.ContentType);
    }

    private static IResult Serve(string path, HttpContext http, PortalAssets assets)
    {
        if (assets.Find(path) is not { } asset) return MessagePage.NotFound(http);
        http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return Of(asset, http);
    }
}
