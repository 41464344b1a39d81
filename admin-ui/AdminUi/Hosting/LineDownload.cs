using System.Globalization;
using System.Net;
using System.Text;
using Grpc.Core;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;

namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>
/// Hands lines on to the browser as a file, as they come from the broker: some in memory at a time, the next asked for when these
/// were taken. A download that breaks off ends the connection, so that nobody keeps half a file for a whole one.
/// </summary>
internal static class LineDownload
{
    /// <param name="context">Of the form that asked for the file.</param>
    /// <param name="say">The reader's language.</param>
    /// <param name="file">What it is: its name in the browser, its heading on a refusal, and the page that leads on from there.</param>
    /// <param name="lines">What comes from the broker.</param>
    /// <param name="of">The lines of one message.</param>
    public static async Task SendAsync<T>(HttpContext context, Language say, LineFile file, IAsyncStreamReader<T> lines, Func<T, IEnumerable<string>> of)
    {
        var ct = context.RequestAborted;
        try
        {
            // The first lines, or the refusal, come before anything is promised to the browser.
            if (!await lines.MoveNext(ct)) throw new RpcException(new Status(StatusCode.DataLoss, "a file begins with what it is"));
            context.Response.ContentType = "application/x-ndjson; charset=utf-8";
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{file.Name}-{file.At.ToString("yyyy-MM-dd-HHmm", CultureInfo.InvariantCulture)}.jsonl\"";
            do
            {
                foreach (var line in of(lines.Current)) await context.Response.WriteAsync(line + "\n", Encoding.UTF8, ct);
            }
            while (await lines.MoveNext(ct));
        }
        catch (RpcException e) when (!context.Response.HasStarted) { await RefuseAsync(context, say, file, e.Sentence(say.Culture)); }
        catch (RpcException) { context.Abort(); }
    }

    public static Task RefuseAsync(HttpContext context, Language say, LineFile file, string sentence)
    {
        (context.Response.StatusCode, context.Response.ContentType) = (StatusCodes.Status409Conflict, "text/html; charset=utf-8");
        return context.Response.WriteAsync(
            $"""
            <!DOCTYPE html>
            <html lang="{say.Culture.Name}">
            <head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" /><title>{WebUtility.HtmlEncode(say.Title(file.Title))}</title><link rel="stylesheet" href="/console.css" /></head>
            <body><main class="bare"><div class="bare-card"><h1>{WebUtility.HtmlEncode(file.Title)}</h1><p role="alert">{WebUtility.HtmlEncode(sentence)}</p><p><a href="{file.Back}">{WebUtility.HtmlEncode(say.Back)}</a></p></div></main></body>
            </html>
            """, Encoding.UTF8, context.RequestAborted);
    }

    /// <summary>A day of a form; null: none was chosen.</summary>
    public static DateOnly? Day(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    /// <summary>When a day begins where the console runs.</summary>
    public static Google.Protobuf.WellKnownTypes.Timestamp Begins(this DateOnly day, TimeProvider time) =>
        Google.Protobuf.WellKnownTypes.Timestamp.FromDateTime(TimeZoneInfo.ConvertTimeToUtc(day.ToDateTime(TimeOnly.MinValue), time.LocalTimeZone));
}

/// <summary>A file of lines: its name in the browser, made when, its heading, and the page it is asked for from.</summary>
internal sealed record LineFile(string Name, DateTimeOffset At, string Title, string Back);
