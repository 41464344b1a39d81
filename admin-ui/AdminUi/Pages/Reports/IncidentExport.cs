using Microsoft.AspNetCore.Mvc;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Reports;

/// <summary>Everything about one person or one pool in some days, as a file.</summary>
internal static class IncidentExport
{
    public static void MapIncidentExport(this IEndpointRouteBuilder routes) => routes.MapPost("/reports/incident", ExportAsync);

    // Form values make the framework check the form's token: an export is itself written down.
    private static async Task ExportAsync([FromForm] string? person, [FromForm] string? pool, [FromForm] string? from, [FromForm] string? to, Broker broker, Language say, TimeProvider time, HttpContext context)
    {
        broker.Begin(context.User);
        var (first, last, file) = (LineDownload.Day(from), LineDownload.Day(to), new LineFile("incident", time.GetLocalNow(), say.IncidentReport, "/reports/incident"));
        if (first is not { } begins || last is not { } ends || begins > ends)
        {
            await LineDownload.RefuseAsync(context, say, file, say.DaysTurned);
            return;
        }
        var request = new IncidentRequest { UserName = person ?? "", PoolId = pool ?? "", From = begins.Begins(time), To = ends.AddDays(1).Begins(time) };
        using var incident = broker.Reports.Incident(request, cancellationToken: context.RequestAborted);
        await LineDownload.SendAsync(context, say, file, incident.ResponseStream, some => some.Lines);
    }
}
