using System.Globalization;
using System.Net;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Mvc;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Audit;

/// <summary>
/// Hands the sealed record on to the browser as it comes from the broker: some lines in memory at a time, the next asked for when
/// these were taken. A download that breaks off ends the connection, so that nobody keeps half a file for a whole one.
/// </summary>
internal static class AuditExport
{
    public static void MapAuditExport(this IEndpointRouteBuilder routes) => routes.MapPost("/audit/export", ExportAsync);

    // Form values make the framework check the form's token: an export is itself written down.
    private static async Task ExportAsync([FromForm] string? from, [FromForm] string? to, Broker broker, Language say, TimeProvider time, HttpContext context, CancellationToken ct)
    {
        broker.Begin(context.User);
        var (first, last) = (Day(from), Day(to));
        if (first > last)
        {
            await RefuseAsync(context, say, say.DaysTurned, ct);
            return;
        }
        try
        {
            var request = new ExportAuditRequest { From = Begins(first, time), To = Begins(last?.AddDays(1), time) };
            using var export = broker.Audit.Export(request, cancellationToken: ct);
            // The first lines, or the refusal, come before anything is promised to the browser.
            if (!await export.ResponseStream.MoveNext(ct)) throw new RpcException(new Grpc.Core.Status(StatusCode.DataLoss, "an export begins with its keys"));
            context.Response.ContentType = "application/x-ndjson; charset=utf-8";
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"audit-{time.GetLocalNow().ToString("yyyy-MM-dd-HHmm", CultureInfo.InvariantCulture)}.jsonl\"";
            do
            {
                foreach (var line in export.ResponseStream.Current.Lines) await context.Response.WriteAsync(line + "\n", Encoding.UTF8, ct);
            }
            while (await export.ResponseStream.MoveNext(ct));
        }
        catch (RpcException e) when (!context.Response.HasStarted) { await RefuseAsync(context, say, e.Sentence(say.Culture), ct); }
        catch (RpcException) { context.Abort(); }
    }

    private static DateOnly? Day(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static Google.Protobuf.WellKnownTypes.Timestamp? Begins(DateOnly? day, TimeProvider time) =>
        day is { } known ? Google.Protobuf.WellKnownTypes.Timestamp.FromDateTime(TimeZoneInfo.ConvertTimeToUtc(known.ToDateTime(TimeOnly.MinValue), time.LocalTimeZone)) : null;

    private static Task RefuseAsync(HttpContext context, Language say, string sentence, CancellationToken ct)
    {
        (context.Response.StatusCode, context.Response.ContentType) = (StatusCodes.Status409Conflict, "text/html; charset=utf-8");
        return context.Response.WriteAsync(
            $"""
            <!DOCTYPE html>
            <html lang="{say.Culture.Name}">
            <head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" /><title>{WebUtility.HtmlEncode(say.Title(say.ExportAudit))}</title><link rel="stylesheet" href="/console.css" /></head>
            <body><main class="bare"><div class="bare-card"><h1>{WebUtility.HtmlEncode(say.ExportAudit)}</h1><p role="alert">{WebUtility.HtmlEncode(sentence)}</p><p><a href="/audit">{WebUtility.HtmlEncode(say.AuditLog)}</a></p></div></main></body>
            </html>
            """, Encoding.UTF8, ct);
    }
}
