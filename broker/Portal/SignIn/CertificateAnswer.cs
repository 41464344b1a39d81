using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.SignIn;

/// <summary>
/// What the address for certificates answers a browser, which goes back from there at once. Each is whole in itself: a further
/// request could be a further handshake, and a card that asks for its PIN again.
/// </summary>
public static class CertificateAnswer
{
    private const string Style = "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}button{font:inherit;min-height:44px;padding:0 1.5rem}";
    private const string Script = "document.forms[0].submit()";
    private static readonly string Allowed =
        $"default-src 'none'; style-src '{Hash(Style)}'; script-src '{Hash(Script)}'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>A page that posts the token to the page that asked; by itself, or where there is no script by its button.</summary>
    public static Task HandOverAsync(HttpContext http, string origin, string token)
    {
        var t = Language.Of(http);
        var (place, value) = (WebUtility.HtmlEncode(origin + CertificateEndpoints.Path), WebUtility.HtmlEncode(token));
        Guard(http, $"{Allowed}; form-action {origin}");
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(
            $"""
            <!DOCTYPE html>
            <html lang="{t.Tag}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
            <title>{WebUtility.HtmlEncode(t.SigningIn)}</title><link rel="icon" href="data:,"><style>{Style}</style></head>
            <body><main><h1>{WebUtility.HtmlEncode(t.SigningIn)}</h1>
            <form method="post" action="{place}"><input type="hidden" name="hand_over" value="{value}"><button>{WebUtility.HtmlEncode(t.GoOn)}</button></form></main>
            <script>{Script}</script></body></html>
            """, http.RequestAborted);
    }

    /// <summary>Back to the page that asked, which says why not.</summary>
    public static Task RefuseAsync(HttpContext http, string origin, ReasonCode reason)
    {
        Guard(http, Allowed);
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = $"{origin}{CertificateEndpoints.Path}/refused{QueryString.Create("reason", ReasonTexts.Name(reason))}";
        return Task.CompletedTask;
    }

    // A connection serves one certificate: the next one is shown in a handshake of its own.
    private static void Guard(HttpContext http, string content)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = content;
        headers.XContentTypeOptions = "nosniff";
        headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers.Connection = "close";
    }

    private static string Hash(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
}
