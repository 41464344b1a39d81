using Microsoft.AspNetCore.Http;

namespace Montalegre.Vdi.Portal.Pages;

/// <summary>Redirects that only ever stay inside the portal.</summary>
internal static class Navigation
{
    /// <summary>303: the browser comes back with a GET, so that a reload repeats no form.</summary>
    public static IResult SeeOther(HttpContext http, string path)
    {
        http.Response.Headers.Location = path;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    /// <summary>The path when it is one of ours ("/x", never "//host" or "/\host"), else the first page.</summary>
    public static string Local(string path) =>
        path.Length > 0 && path[0] == '/' && !path.StartsWith("//", StringComparison.Ordinal)
        && !path.Contains('\\') && !path.Any(char.IsControl) && path.All(char.IsAscii)
            ? path : "/";
}
