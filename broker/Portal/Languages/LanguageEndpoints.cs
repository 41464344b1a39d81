using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.Languages;

internal static class LanguageEndpoints
{
    public static void Map(IEndpointRouteBuilder portal) => portal.MapPost("/language", (Delegate)Choose).WithFormGuard();

    private static async Task<IResult> Choose(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        Language.Remember(http, form["to"].ToString());
        return Navigation.SeeOther(http, Navigation.Local(form["back"].ToString()));
    }
}
