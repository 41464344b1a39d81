using Microsoft.AspNetCore.Mvc;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Audit;

/// <summary>The sealed record of some days as a file.</summary>
internal static class AuditExport
{
    public static void MapAuditExport(this IEndpointRouteBuilder routes) => routes.MapPost("/audit/export", ExportAsync);

    // Form values make the framework check the form's token: an export is itself written down.
    private static async Task ExportAsync([FromForm] string? from, [FromForm] string? to, Broker broker, Language say, TimeProvider time, HttpContext context)
    {
        broker.Begin(context.User);
        var (first, last, file) = (LineDownload.Day(from), LineDownload.Day(to), new LineFile("audit", time.GetLocalNow(), say.ExportAudit, "/audit"));
        if (first > last)
        {
            await LineDownload.RefuseAsync(context, say, file, say.DaysTurned);
            return;
        }
        using var export = broker.Audit.Export(new() { From = first?.Begins(time), To = last?.AddDays(1).Begins(time) }, cancellationToken: context.RequestAborted);
        await LineDownload.SendAsync(context, say, file, export.ResponseStream, some => some.Lines);
    }
}
