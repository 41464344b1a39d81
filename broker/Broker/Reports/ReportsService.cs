using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Reports;

/// <summary>The gRPC and REST face of reports.</summary>
internal sealed class ReportsService(ReportStore store, ExportIncident incident, AuditStore audit, EnergyStore energy, IOptions<EnergyOptions> model, TimeProvider time) : Contract.Reports.ReportsBase
{
    private const int UsualDays = 30;
    private const int MostDays = 366;
    private const int MostIncidentDays = 92;
    private const int UsualPeople = 100;
    private const int MostPeople = 500;
    private const int LinesAtOnce = 200;   // far below the limit of a message

    public override async Task<UseReport> Use(ReportPeriod request, ServerCallContext context)
    {
        var zone = request.TimeZone.Length == 0 ? "UTC" : TimeZoneInfo.TryFindSystemTimeZoneById(request.TimeZone, out var known) ? known.Id : throw Refusal.Refused(RefusalReason.InvalidField, "time_zone");
        var (period, pool) = (PeriodOf(request), PoolOf(request.PoolId));
        var rows = await store.UseAsync(period, pool, zone, context.Scope(), context.CancellationToken);
        var applications = await store.ApplicationsAsync(period, pool, context.Scope(), context.CancellationToken);
        return new()
        {
            Cut = rows.Count > ReportStore.MostRows,
            Rows = { rows.Take(ReportStore.MostRows).Select(r => new UseRow { Day = r.Day, PoolId = r.PoolId.ToString(), PoolName = r.PoolName, Sessions = (uint)r.Sessions, People = (uint)r.People, Hours = r.Hours }) },
            Applications =
            {
                applications.Select(r => new ApplicationUseRow
                {
                    PoolId = r.PoolId.ToString(), PoolName = r.PoolName, ApplicationId = r.ApplicationId.ToString(), ApplicationName = r.ApplicationName, Sessions = (uint)r.Sessions, People = (uint)r.People, Hours = r.Hours,
                }),
            },
        };
    }

    public override async Task<LogonReport> LogonTimes(ReportPeriod request, ServerCallContext context) => new()
    {
        Rows =
        {
            (await store.LogonsAsync(PeriodOf(request), PoolOf(request.PoolId), context.Scope(), context.CancellationToken))
                .Select(r => new LogonRow { PoolId = r.PoolId.ToString(), PoolName = r.PoolName, Phase = r.Phase, Count = (uint)r.Count, MedianMilliseconds = (uint)r.Median, P95Milliseconds = (uint)r.P95 }),
        },
    };

    public override async Task<CapacityReport> Capacity(ReportPeriod request, ServerCallContext context) => new()
    {
        Rows =
        {
            (await store.CapacityAsync(PeriodOf(request), PoolOf(request.PoolId), context.Scope(), context.CancellationToken)).Select(r => new CapacityRow
            {
                PoolId = r.PoolId.ToString(), PoolName = r.PoolName, Room = (uint)r.Room, MostAtOnce = (uint)r.Most, MostAt = At(r.MostAt), Launches = (uint)r.Launches, Waited = (uint)r.Waited, LongestWaitSeconds = r.Longest,
                Refusals = { JsonSerializer.Deserialize<Dictionary<string, uint>>(r.Refusals)!.OrderByDescending(c => c.Value).Select(c => new RefusalCount { Reason = PublicName(c.Key), Count = c.Value }) },
            }),
        },
    };

    public override async Task<AccessReport> Access(AccessReportRequest request, ServerCallContext context)
    {
        var rows = await store.AccessAsync(request.After, request.Limit == 0 ? UsualPeople : (int)Math.Min(request.Limit, MostPeople), context.CancellationToken);
        return new()
        {
            People =
            {
                rows.Select(r => new AccessRow
                {
                    UserId = r.UserId.ToString(), UserName = r.UserName, DisplayName = r.DisplayName, Enabled = r.Enabled, DirectoryName = r.Directory, Groups = { r.Groups }, Pools = { r.Pools }, LastSignIn = At(r.LastSignIn),
                    Roles = { r.Roles.Select((role, n) => new AccessRole { Role = role, PoolName = r.RolePools[n], GroupName = r.RoleGroups[n], SiteName = r.RoleSites[n], EndpointGroupName = r.RoleEnds[n] }) },
                }),
            },
        };
    }

    public override async Task Incident(IncidentRequest request, IServerStreamWriter<IncidentLines> responseStream, ServerCallContext context)
    {
        if (request.From is null) throw Refusal.Refused(RefusalReason.InvalidField, "from");
        if (request.To is null) throw Refusal.Refused(RefusalReason.InvalidField, "to");
        var period = Period.Of(request.From, request.To, time.GetUtcNow(), MostIncidentDays, MostIncidentDays);
        var (about, caller) = (await AboutAsync(request, context.CancellationToken), context.Caller());
        await audit.AppendAsync(new(caller.UserName, "incident.export", about.Person is null ? "pool" : "user", about.Person ?? about.Pool, about.Name, SourceAddress: caller.SourceAddress));
        await foreach (var lines in incident.RunAsync(about, period, caller, time.GetUtcNow(), context.CancellationToken))
            foreach (var some in lines.Chunk(LinesAtOnce))
                await responseStream.WriteAsync(new() { Lines = { some } }, context.CancellationToken);
    }

    public override async Task<EnergyReport> Energy(EnergyRequest request, ServerCallContext context)
    {
        var period = Period.Of(request.From, null, time.GetUtcNow(), 1, MostDays);
        var sums = await energy.SumAsync(period.From, context.CancellationToken);
        return new()
        {
            UsedKwh = sums.Used / 1000, SavedKwh = sums.Saved / 1000, HostIdleWatts = model.Value.HostIdleWatts, HostFullWatts = model.Value.HostFullWatts,
            ComputersUsedKwh = sums.ComputersUsed / 1000, ComputersSavedKwh = sums.ComputersSaved / 1000, ComputerOnWatts = model.Value.ComputerOnWatts, ComputerAsleepWatts = model.Value.ComputerAsleepWatts,
        };
    }

    private async Task<IncidentAbout> AboutAsync(IncidentRequest request, CancellationToken ct)
    {
        if ((request.UserName.Length == 0) == (request.PoolId.Length == 0)) throw Refusal.Refused(RefusalReason.InvalidField, "user_name: or pool_id, one of them");
        if (request.PoolId.Length > 0) return new(null, Ids.Parse(request.PoolId, "pool_id"), "");
        var name = UserNames.Normalise(request.UserName);
        return new(await store.PersonAsync(name, ct) ?? throw Refusal.Refused(RefusalReason.NotFound, "user_name"), null, name);
    }

    private Period PeriodOf(ReportPeriod request) => Period.Of(request.From, request.To, time.GetUtcNow(), UsualDays, MostDays);

    private static Guid? PoolOf(string id) => id.Length == 0 ? null : Ids.Parse(id, "pool_id");

    private static Timestamp? At(DateTime? at) => at is { } known ? Timestamp.FromDateTime(DateTime.SpecifyKind(known, DateTimeKind.Utc)) : null;

    /// <summary>The public name of a reason as rows keep it; one that this version does not know stays as it is.</summary>
    internal static string PublicName(string reason) => System.Enum.TryParse<RefusalReason>(reason, out var known) ? Contracts.ReasonTexts.Name(known.ToContract().Code) : reason;
}
