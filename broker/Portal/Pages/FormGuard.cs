using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Montalegre.Vdi.Portal.Pages;

/// <summary>A form without a valid token of this browser and this person changes nothing.</summary>
internal static class FormGuard
{
    public static RouteHandlerBuilder WithFormGuard(this RouteHandlerBuilder endpoint) => endpoint.AddEndpointFilter(async (call, next) =>
    {
        var http = call.HttpContext;
        if (!http.Request.HasFormContentType) return MessagePage.Forbidden(http);
        await http.RequestServices.GetRequiredService<IAntiforgery>().ValidateRequestAsync(http);
        return await next(call);
    });
}
