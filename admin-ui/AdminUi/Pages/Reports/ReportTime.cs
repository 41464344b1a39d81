using System.Globalization;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Reports;

/// <summary>The days and the pool that a report is about, as they stand in the page's address.</summary>
/// <param name="From">The first day.</param>
/// <param name="To">The last day.</param>
/// <param name="Pool">Empty: all.</param>
public sealed record ReportTime(DateOnly From, DateOnly To, string Pool)
{
    private const int UsualDays = 30;

    /// <summary>What the address says; what makes no sense there is the usual.</summary>
    internal static ReportTime Of(string? from, string? to, string? pool, DateOnly today)
    {
        var last = LineDownload.Day(to) ?? today;
        var first = LineDownload.Day(from) ?? last.AddDays(1 - UsualDays);
        return new(first > last ? last : first, last, pool ?? "");
    }

    /// <summary>The same in the page's address.</summary>
    public string Query => string.Create(CultureInfo.InvariantCulture, $"?from={From:yyyy-MM-dd}&to={To:yyyy-MM-dd}") + (Pool.Length > 0 ? "&pool=" + Uri.EscapeDataString(Pool) : "");

    internal ReportPeriod Request(TimeProvider time) => new() { From = From.Begins(time), To = To.AddDays(1).Begins(time), PoolId = Pool, TimeZone = time.LocalTimeZone.HasIanaId ? time.LocalTimeZone.Id : "" };
}
