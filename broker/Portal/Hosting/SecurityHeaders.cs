using Microsoft.AspNetCore.Http;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>The headers of every answer. Pages are never stored: only named assets say otherwise, by themselves.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private const string ContentSecurity =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private const string Permissions =
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), usb=()";

    /// <summary>
    /// What the page of a desktop needs beyond the others: pictures of the pointer, printed documents and files of its own
    /// making, its worker, and the microphone, which the browser asks about when a program wants it.
    /// </summary>
    public static void AllowDesktop(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = ContentSecurity.Replace("img-src 'self'", "img-src 'self' data: blob:; worker-src 'self'", StringComparison.Ordinal);
        response.Headers["Permissions-Policy"] = Permissions.Replace("microphone=()", "microphone=(self)", StringComparison.Ordinal);
    }

    public Task InvokeAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurity;
        headers.XContentTypeOptions = "nosniff";
        headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = Permissions;
        return next(http);
    }
}
