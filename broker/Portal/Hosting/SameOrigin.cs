using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Refuses a change that another site asked for, before the form token is even read, and a form that is too long.</summary>
internal sealed class SameOrigin(RequestDelegate next, ILogger<SameOrigin> log)
{
    private const int LongestForm = 16 * 1024;

    public Task InvokeAsync(HttpContext http)
    {
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) return next(http);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = LongestForm;
        if (CameFromHere(http.Request) || http.GetEndpoint()?.Metadata.GetMetadata<FromElsewhere>() is not null) return next(http);

        log.ForeignOrigin(http.Request.Method, http.Request.Path);
        return MessagePage.Forbidden(http).ExecuteAsync(http);
    }

    /// <summary>Marks what another site may post: it reads no cookie, and changes nothing that is not in the form itself.</summary>
    internal sealed class FromElsewhere;

    // With no-referrer a browser sends "Origin: null" on its own forms, so the newer header decides when it is there.
    private static bool CameFromHere(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0) return site == "same-origin";
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }
}
