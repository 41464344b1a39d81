namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>The answer headers of every page: no foreign script, no frame, no cache, no referrer.</summary>
internal static class SecurityHeaders
{
    // MudBlazor positions its popovers and writes its palette with inline styles; script stays without exception.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    private const string FormsTo = "montalegre.forms-to";

    /// <summary>Lets the forms of this one answer go to this one origin.</summary>
    public static void AllowFormsTo(this HttpContext context, string origin) => context.Items[FormsTo] = origin;

    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(static state =>
        {
            var response = ((HttpContext)state).Response;
            var headers = response.Headers;
            headers.ContentSecurityPolicy = ((HttpContext)state).Items[FormsTo] is string origin ? Policy.Replace("form-action 'self'", $"form-action {origin}", StringComparison.Ordinal) : Policy;
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), usb=(), payment=(), display-capture=()";
            // Style sheets and scripts of ours carry no data and keep their own caching.
            if (response.ContentType is null || response.ContentType.StartsWith("text/html", StringComparison.Ordinal) || response.ContentType.Contains("json", StringComparison.Ordinal))
                headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }, context);
        return next(context);
    });
}
