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

    private const int LongestReturn = 1024;

    /// <summary>The sign-in page, which leads back to this page of ours afterwards.</summary>
    public static string SignIn(string back, bool expired)
    {
        var query = new QueryString();
        if (expired) query = query.Add("expired", "1");
        if (Local(back) is var path and not "/") query = query.Add("return", path);
        return "/sign-in" + query;
    }

    /// <summary>The path when it is one of ours ("/x", never "//host" or "/\host"), else the first page.</summary>
    public static string Local(string path) =>
        path.Length > 0 && path[0] == '/' && !path.StartsWith("//", StringComparison.Ordinal)
        && !path.Contains('\\') && !path.Any(char.IsControl) && path.All(char.IsAscii) && path.Length <= LongestReturn
            ? path : "/";
}
