using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.Languages;

internal static class LanguageEndpoints
{
    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapPost("/language", (Delegate)Choose).WithFormGuard();
        portal.MapGet("/display", ShowDisplay);
        portal.MapPost("/display", (Delegate)ChooseDisplay).WithFormGuard();
    }

    private static RazorComponentResult<DisplayPage> ShowDisplay(HttpContext http, string? back) =>
        new(new { Page = PageContext.Of(http), Back = Navigation.Local(back ?? "/") });

    private static async Task<IResult> ChooseDisplay(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        Look.Remember(http, form["contrast"] == "high", int.TryParse(form["size"], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0);
        return Navigation.SeeOther(http, Navigation.Local(form["back"].ToString()));
    }

    private static async Task<IResult> Choose(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        Language.Remember(http, form["to"].ToString());
        return Navigation.SeeOther(http, Navigation.Local(form["back"].ToString()));
    }
}
