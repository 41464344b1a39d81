using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Languages;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.App;

/// <summary>What makes the portal installable: manifest, service worker, and the page it shows without a network.</summary>
internal static class AppEndpoints
{
    public const string ManifestPath = "/app.webmanifest";
    private const string OfflinePath = "/offline";

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapGet(ManifestPath, Manifest);
        portal.MapGet("/service-worker.js", Worker);
        portal.MapGet("/app-shell.json", Shell);
        portal.MapGet(OfflinePath, (HttpContext http) => MessagePage.Offline(http));
    }

    private static IResult Manifest(HttpContext http, PortalAssets assets)
    {
        var t = Language.Of(http);
        return Results.Json(
            new
            {
                id = "/", start_url = "/", scope = "/", display = "standalone", lang = t.Tag, dir = "ltr",
                name = $"Montalegre – {t.Product}", short_name = t.Browser.AppName, description = t.SignInLead,
                background_color = "#f3f1ed", theme_color = "#6b2a58",
                icons = new object[]
                {
                    new { src = assets.Icon192, sizes = "192x192", type = "image/png" },
                    new { src = assets.Icon512, sizes = "512x512", type = "image/png" },
                    new { src = assets.IconMaskable, sizes = "512x512", type = "image/png", purpose = "maskable" },
                    new { src = assets.Icon, sizes = "any", type = "image/svg+xml" },
                },
            },
            JsonSerializerOptions.Web, "application/manifest+json");
    }

    // Its own address must not change, so it is asked for each time; the browser compares the bytes.
    private static IResult Worker(HttpContext http, PortalAssets assets)
    {
        http.Response.Headers.CacheControl = "no-cache";
        return AssetEndpoints.Of(assets.ServiceWorker, http);
    }

    private static IResult Shell(PortalAssets assets) => Results.Json(new { assets = assets.Shell, offline = OfflinePath }, JsonSerializerOptions.Web);
}
