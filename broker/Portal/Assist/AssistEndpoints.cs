using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Languages;
using Montalegre.Vdi.Portal.Pages;

namespace Montalegre.Vdi.Portal.Assist;

/// <summary>
/// The page of an administrator who was allowed to see somebody's desktop. The console posts the ticket here, so that it is in no
/// address; nobody is signed in, and nothing but the socket looks whether the ticket is good.
/// </summary>
internal static class AssistEndpoints
{
    private const int TicketLength = 43;

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapPost("/assist", (Delegate)Show).WithMetadata(new SameOrigin.FromElsewhere());
        portal.MapGet("/assist", (Delegate)((HttpContext http) => Refuse(http)));
    }

    private static async Task<IResult> Show(HttpContext http)
    {
        if (!http.Request.HasFormContentType) return Refuse(http);
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var ticket = form["ticket"].ToString();
        if (ticket.Length != TicketLength || !ticket.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) return Refuse(http);
        var page = PageContext.Of(http);
        if (Language.Named(form["language"]) is { } texts) page = page with { T = texts };
        SecurityHeaders.AllowDesktop(http.Response);
        return new RazorComponentResult<AssistPage>(new { Page = page, Ticket = ticket });
    }

    private static IResult Refuse(HttpContext http) => MessagePage.Refusal(http, new Reason { Code = ReasonCode.AssistOver }, StatusCodes.Status400BadRequest);
}
