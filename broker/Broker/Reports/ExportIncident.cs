using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.Reports;

/// <summary>Whom or what an incident is about: a person or a pool.</summary>
internal sealed record IncidentAbout(Guid? Person, Guid? Pool, string Name);

/// <summary>
/// Lines of JSON of what is kept about one person or one pool in a time: first what the file is, then sessions, launches and the audit
/// record, newest last in each but the last. What would be too long is cut, and a line says so: nobody takes a part for the whole.
/// </summary>
internal sealed class ExportIncident(ReportStore store, AuditStore audit)
{
    private const int MostOfEach = 20_000;

    // Entries are numbered when they are begun and may be finished in another order, but not by more than this.
    private static readonly TimeSpan OutOfOrder = TimeSpan.FromMinutes(10);

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public async IAsyncEnumerable<IReadOnlyList<string>> RunAsync(IncidentAbout about, Period period, Caller by, DateTimeOffset now, [EnumeratorCancellation] CancellationToken ct)
    {
        yield return [Line("incident", new { about = about.Person is null ? "pool" : "person", about.Name, period.From, period.To, made_by = by.UserName, made_at = now })];
        var sessions = await store.SessionsAsync(about.Person, about.Pool, period, MostOfEach + 1, ct);
        yield return [.. sessions.Take(MostOfEach).Select(s => Line("session", s, ("connections", s.Connections)))];
        if (sessions.Count > MostOfEach) yield return [Cut("session")];
        var launches = await store.LaunchesAsync(about.Person, about.Pool, period, MostOfEach + 1, ct);
        yield return [.. launches.Take(MostOfEach).Select(l => Line("launch", l with { Reason = l.Reason is { } reason ? ReportsService.PublicName(reason) : null }, ("waits", l.Waits), ("look", l.Look)))];
        if (launches.Count > MostOfEach) yield return [Cut("launch")];
        await foreach (var lines in RecordAsync(about, period, ct)) yield return lines;
    }

    private async IAsyncEnumerable<IReadOnlyList<string>> RecordAsync(IncidentAbout about, Period period, [EnumeratorCancellation] CancellationToken ct)
    {
        var (before, found) = (await store.RecordAfterAsync(period.To, ct), 0);
        var scope = about.Pool is { } pool ? new PoolScope([pool]) : PoolScope.Everything;
        while (true)
        {
            var page = await audit.ListAsync(before, AuditStore.LargestPage, new(null, about.Person), scope, ct);
            var within = page.Where(e => e.At >= period.From && e.At < period.To).ToList();
            found += within.Count;
            yield return [.. within.Select(e => Line("audit", e))];
            if (page.Count < AuditStore.LargestPage || page[^1].At < period.From - OutOfOrder) yield break;
            if (found >= MostOfEach)
            {
                yield return [Cut("audit")];
                yield break;
            }
            before = page[^1].AuditId;
        }
    }

    private static string Line<T>(string kind, T what, params (string Name, string? Json)[] nested)
    {
        var line = new JsonObject { ["kind"] = kind };
        foreach (var (name, value) in JsonSerializer.SerializeToNode(what, Json)!.AsObject().ToList()) line[name] = value?.DeepClone();
        foreach (var (name, json) in nested) line[name] = json is null ? null : JsonNode.Parse(json);
        return line.ToJsonString();
    }

    private static string Cut(string kind) => new JsonObject { ["kind"] = "cut", ["of"] = kind, ["after"] = MostOfEach }.ToJsonString();
}
