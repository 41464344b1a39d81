using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Mvc;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;

namespace Montalegre.Vdi.AdminUi.Pages.Sessions;

/// <summary>
/// Hands a ticket over to the gateway that shows the desktop. The ticket is in the body of this answer and of the form that its
/// script posts on, never in an address; the exception in the content policy is for this one answer and this one gateway.
/// </summary>
internal static class AssistanceOpening
{
    public static void MapAssistanceOpening(this IEndpointRouteBuilder routes) => routes.MapPost("/assistance/{id:guid}/open", OpenAsync);

    // The unused form value makes the framework check the form's token, as for every form of the console.
    private static async Task<IResult> OpenAsync(Guid id, [FromForm(Name = "return")] string? _, Broker broker, Language say, HttpContext context, CancellationToken ct)
    {
        broker.Begin(context.User);
        try
        {
            var opening = await broker.Assistances.OpenAsync(new() { AssistanceId = id.ToString("D") }, cancellationToken: ct);
            if (!Uri.TryCreate(opening.Address, UriKind.Absolute, out var gateway) || gateway.Scheme != Uri.UriSchemeHttps) return Page(say, say.PageBroke);
            var origin = gateway.GetLeftPart(UriPartial.Authority);
            context.AllowFormsTo(origin);
            return Page(say, say.OpenDesktop, $"""
                <form method="post" action="{Html(origin)}/assist" id="open">
                  <input type="hidden" name="ticket" value="{Html(opening.Ticket)}" />
                  <input type="hidden" name="language" value="{Html(say.Culture.Name)}" />
                  <button type="submit">{Html(say.OpenDesktop)}</button>
                </form>
                <script src="/assist-open.js"></script>
                """);
        }
        catch (RpcException e)
        {
            return Page(say, e.Sentence(say.Culture));
        }
    }

    private static IResult Page(Language say, string text, string form = "") => Results.Content(
        $"""
        <!DOCTYPE html>
        <html lang="{Html(say.Culture.Name)}">
        <head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" /><title>{Html(say.Title(say.OpenDesktop))}</title><link rel="stylesheet" href="/console.css" /></head>
        <body><main class="bare"><div class="bare-card"><h1>{Html(say.OpenDesktop)}</h1><p role="status">{Html(text)}</p>{form}</div></main></body>
        </html>
        """, "text/html; charset=utf-8");

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
