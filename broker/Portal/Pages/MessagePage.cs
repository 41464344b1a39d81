using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Portal.Pages;

/// <summary>Pages that say that something did not happen, why, and what to do.</summary>
internal static class MessagePage
{
    public static IResult Refusal(HttpContext http, Reason reason, int status)
    {
        var page = PageContext.Of(http);
        return Show(page, page.T.RefusedTitle, null, reason, status, retry: page.Here);
    }

    public static IResult NotFound(HttpContext http)
    {
        var page = PageContext.Of(http);
        return Show(page, page.T.NotFoundTitle, page.T.NotFoundHelp, null, StatusCodes.Status404NotFound, retry: null);
    }

    public static IResult Forbidden(HttpContext http)
    {
        var page = PageContext.Of(http);
        return Show(page, page.T.ForbiddenTitle, page.T.ForbiddenHelp, null, StatusCodes.Status403Forbidden, retry: null);
    }

    public static IResult Offline(HttpContext http)
    {
        var page = PageContext.Of(http);
        return Show(page, page.T.Browser.OfflineTitle, page.T.Browser.OfflineHelp, null, StatusCodes.Status200OK, retry: "/");
    }

    private static RazorComponentResult<Message> Show(PageContext page, string title, string? text, Reason? reason, int status, string? retry) =>
        new(new { Page = page, Title = title, Text = text, Reason = reason, Retry = retry }) { StatusCode = status };
}
