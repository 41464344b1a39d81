using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Reports of the fake broker: the same numbers for whatever days are asked for, and the question in the world's calls.</summary>
internal sealed class FakeReports(FakeWorld world) : Reports.ReportsBase
{
    private static readonly (string Id, string Name)[] Pools = [("p-balcao", "Balcão único"), ("p-urb", "Urbanismo"), ("p-formula", "=HYPERLINK(\"http://x\")")];

    public override Task<UseReport> Use(ReportPeriod request, ServerCallContext context)
    {
        Asked("use", request, context);
        var (first, days) = (request.From.ToDateTimeOffset().ToLocalTime(), (int)Math.Round((request.To.ToDateTimeOffset() - request.From.ToDateTimeOffset()).TotalDays));
        var rows = from day in Enumerable.Range(0, days)
                   from pool in Pools.Index()
                   where request.PoolId.Length == 0 || request.PoolId == pool.Item.Id
                   select new UseRow { Day = first.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), PoolId = pool.Item.Id, PoolName = pool.Item.Name, Sessions = (uint)(4 + (day * 7 + pool.Index * 3) % 11), People = (uint)(3 + day % 5), Hours = 20 + day * 13 % 29 + pool.Index * 4.5 };
        return Task.FromResult(new UseReport { Rows = { rows }, Applications = { new ApplicationUseRow { PoolId = "p-balcao", PoolName = "Balcão único", ApplicationId = "a-1", ApplicationName = "Contabilidade", Sessions = 41, People = 7, Hours = 96.5 } } });
    }

    public override Task<LogonReport> LogonTimes(ReportPeriod request, ServerCallContext context)
    {
        Asked("logons", request, context);
        (string Phase, uint Median, uint P95)[] phases = [("whole", 4070, 6210), ("brokering", 40, 90), ("connect", 350, 610), ("authenticate", 570, 1100), ("desktop", 1470, 2900)];
        return Task.FromResult(new LogonReport { Rows = { from pool in Pools.Take(2) from p in phases select new LogonRow { PoolId = pool.Id, PoolName = pool.Name, Phase = p.Phase, Count = 214, MedianMilliseconds = p.Median, P95Milliseconds = p.P95 } } });
    }

    public override Task<CapacityReport> Capacity(ReportPeriod request, ServerCallContext context)
    {
        Asked("capacity", request, context);
        return Task.FromResult(new CapacityReport
        {
            Rows =
            {
                new CapacityRow { PoolId = "p-balcao", PoolName = "Balcão único", Room = 24, MostAtOnce = 21, MostAt = request.From, Launches = 812, Waited = 9, LongestWaitSeconds = 95, Refusals = { new RefusalCount { Reason = "NOT_ENTITLED", Count = 3 }, new RefusalCount { Reason = "POOL_DISABLED", Count = 1 } } },
                new CapacityRow { PoolId = "p-urb", PoolName = "Urbanismo", Room = 12, MostAtOnce = 7, MostAt = request.From, Launches = 230 },
            },
        });
    }

    public override Task<EnergyReport> Energy(EnergyRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new EnergyReport { UsedKwh = 12.42, SavedKwh = 3.07, HostIdleWatts = 120, HostFullWatts = 400, ComputersUsedKwh = 4.1, ComputersSavedKwh = 6.9, ComputerOnWatts = 40, ComputerAsleepWatts = 2 });
    }

    public override Task<AccessReport> Access(AccessReportRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"report access {request.After}");
        var people = world.Users.OrderBy(u => u.UserName, StringComparer.Ordinal).Where(u => string.CompareOrdinal(u.UserName, request.After) > 0).Take((int)request.Limit);
        return Task.FromResult(new AccessReport
        {
            People =
            {
                people.Select(u => new AccessRow
                {
                    UserId = u.UserId, UserName = u.UserName, DisplayName = u.DisplayName, Enabled = u.Enabled, DirectoryName = u.Administrator ? "" : "Município", Groups = { "Atendimento" }, Pools = { "Balcão único" },
                    LastSignIn = u.Enabled ? DateTimeOffset.UtcNow.AddHours(-3).ToTimestamp() : null, Roles = { world.Grants.Where(g => g.UserName == u.UserName).Select(g => new AccessRole { Role = g.Role, PoolName = g.ScopePoolName }) },
                }),
            },
        });
    }

    public override async Task Incident(IncidentRequest request, IServerStreamWriter<IncidentLines> responseStream, ServerCallContext context)
    {
        world.Demand(context);
        if (request.To.ToDateTimeOffset() - request.From.ToDateTimeOffset() > TimeSpan.FromDays(93)) throw FakeWorld.Refuse(StatusCode.InvalidArgument, ReasonCode.InvalidField, "from: at most 92 days before to");
        world.Calls.Enqueue($"report incident {request.UserName}{request.PoolId}");
        await responseStream.WriteAsync(new() { Lines = { """{"kind":"incident"}""", """{"kind":"session"}""" } }, context.CancellationToken);
    }

    private void Asked(string report, ReportPeriod request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue(string.Create(CultureInfo.InvariantCulture, $"report {report} {request.From.ToDateTimeOffset().ToLocalTime():yyyy-MM-dd} {request.To.ToDateTimeOffset().ToLocalTime():yyyy-MM-dd} {request.PoolId}"));
    }
}
