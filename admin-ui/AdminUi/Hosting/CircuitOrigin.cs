namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>
/// Browsers let any page open a WebSocket to us with our cookies, so the circuit's address is refused unless the
/// request names our own origin.
/// </summary>
internal static class CircuitOrigin
{
    public static void UseCircuitOriginCheck(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var request = context.Request;
        // A page that closes says so by a beacon, which names no origin under our referrer policy; it needs the circuit's secret.
        var mustNameOrigin = request.Path.StartsWithSegments("/_blazor") && !request.Path.StartsWithSegments("/_blazor/disconnect") && (context.WebSockets.IsWebSocketRequest || HttpMethods.IsPost(request.Method) || HttpMethods.IsConnect(request.Method));
        if (!mustNameOrigin || IsOwn(request)) return next(context);
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    });

    private static bool IsOwn(HttpRequest request) =>
        string.Equals(request.Headers.Origin.ToString(), $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
}
