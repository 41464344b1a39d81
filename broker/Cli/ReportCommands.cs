using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>What the console's reports show, for terminals, scripts and spreadsheets.</summary>
internal static class ReportCommands
{
    private const string Period = "[--from <time>] [--to <time>] [--pool <pool>] [--csv]";
    private const uint AccessPage = 500;

    public static Command[] All { get; } =
    [
        new("reports use", Period, "sessões, pessoas e horas por dia e conjunto; sem datas, os últimos 30 dias", "sessions, people and hours by day and pool; without dates the last 30 days", UseAsync),
        new("reports applications", Period, "sessões, pessoas e horas por aplicação publicada", "sessions, people and hours by published application", ApplicationsAsync),
        new("reports logon", Period, "quanto demorou entrar, por conjunto e fase", "how long log-ons took, by pool and phase", LogonAsync),
        new("reports capacity", Period, "mais sessões ao mesmo tempo, lugares, esperas e recusas", "most sessions at once, room, waits and refusals", CapacityAsync),
        new("reports access", "[--csv]", "quem pode o quê, agora", "who may do what, now", AccessAsync),
        new("reports incident", "<file> --from <time> --to <time> [--user <name>] [--pool <pool>]", "guarda tudo o que há sobre uma pessoa ou um conjunto, como linhas de JSON", "write all that is kept about a person or a pool, as lines of JSON", IncidentAsync),
    ];

    private static Reports.ReportsClient Client(Invocation call) => new(call.Calls);

    private static async Task<int> UseAsync(Invocation call)
    {
        var (s, answer) = (call.Screen, await Client(call).UseAsync(await PeriodAsync(call), call.AsAdministrator));
        s.Table(answer, answer.Rows,
            (s.Words("DIA", "DAY"), r => r.Day), (s.Words("CONJUNTO", "POOL"), r => r.PoolName), (s.Words("SESSÕES", "SESSIONS"), r => $"{r.Sessions}"),
            (s.Words("PESSOAS", "PEOPLE"), r => $"{r.People}"), (s.Words("HORAS", "HOURS"), r => Number(r.Hours)));
        if (answer.Cut) s.Say("Há mais linhas: as mais antigas ficaram de fora. Peça um período mais curto.", "There are more rows: the oldest are left out. Ask for a shorter time.");
        return 0;
    }

    private static async Task<int> ApplicationsAsync(Invocation call)
    {
        var (s, answer) = (call.Screen, await Client(call).UseAsync(await PeriodAsync(call), call.AsAdministrator));
        s.Table(answer, answer.Applications,
            (s.Words("APLICAÇÃO", "APPLICATION"), r => r.ApplicationName), (s.Words("CONJUNTO", "POOL"), r => r.PoolName), (s.Words("SESSÕES", "SESSIONS"), r => $"{r.Sessions}"),
            (s.Words("PESSOAS", "PEOPLE"), r => $"{r.People}"), (s.Words("HORAS", "HOURS"), r => Number(r.Hours)));
        return 0;
    }

    private static async Task<int> LogonAsync(Invocation call)
    {
        var (s, answer) = (call.Screen, await Client(call).LogonTimesAsync(await PeriodAsync(call), call.AsAdministrator));
        s.Table(answer, answer.Rows,
            (s.Words("CONJUNTO", "POOL"), r => r.PoolName), (s.Words("FASE", "PHASE"), r => r.Phase), (s.Words("ENTRADAS", "LOG-ONS"), r => $"{r.Count}"),
            (s.Words("MEDIANA ms", "MEDIAN ms"), r => $"{r.MedianMilliseconds}"), ("P95 ms", r => $"{r.P95Milliseconds}"));
        return 0;
    }

    private static async Task<int> CapacityAsync(Invocation call)
    {
        var (s, answer) = (call.Screen, await Client(call).CapacityAsync(await PeriodAsync(call), call.AsAdministrator));
        s.Table(answer, answer.Rows,
            (s.Words("CONJUNTO", "POOL"), r => r.PoolName), (s.Words("LUGARES", "ROOM"), r => $"{r.Room}"), (s.Words("MÁXIMO", "MOST AT ONCE"), r => $"{r.MostAtOnce}"), (s.Words("QUANDO", "WHEN"), r => Screen.Time(r.MostAt)),
            (s.Words("PEDIDOS", "LAUNCHES"), r => $"{r.Launches}"), (s.Words("ESPERARAM", "WAITED"), r => $"{r.Waited}"), (s.Words("MAIS LONGA s", "LONGEST s"), r => $"{r.LongestWaitSeconds:0}"),
            (s.Words("RECUSAS", "REFUSALS"), r => string.Join(' ', r.Refusals.Select(refused => $"{refused.Reason}:{refused.Count}"))));
        return 0;
    }

    private static async Task<int> AccessAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var (s, whole) = (call.Screen, new AccessReport());
        AccessReport page;
        do
        {
            page = await Client(call).AccessAsync(new() { After = whole.People.LastOrDefault()?.UserName ?? "", Limit = AccessPage }, call.AsAdministrator);
            whole.People.Add(page.People);
        }
        while (page.People.Count == AccessPage);
        s.Table(whole, whole.People,
            (s.Words("UTILIZADOR", "USER"), p => p.UserName), (s.Words("NOME", "NAME"), p => p.DisplayName), (s.Words("ATIVO", "ENABLED"), p => p.Enabled ? s.Words("sim", "yes") : s.Words("não", "no")),
            (s.Words("VEM DE", "FROM"), p => p.DirectoryName), (s.Words("GRUPOS", "GROUPS"), p => string.Join(", ", p.Groups)),
            (s.Words("FUNÇÕES", "ROLES"), p => string.Join(", ", p.Roles.Select(r => r.PoolName.Length == 0 ? r.Role : $"{r.Role} ({r.PoolName})"))),
            (s.Words("CONJUNTOS", "POOLS"), p => string.Join(", ", p.Pools)), (s.Words("ÚLTIMA ENTRADA", "LAST SIGN-IN"), p => Screen.Time(p.LastSignIn)));
        return 0;
    }

    private static async Task<int> IncidentAsync(Invocation call)
    {
        var file = call.Line.Take(2, 1, 1)[0];
        var request = new IncidentRequest { UserName = call.Line.Option("user") ?? "", From = AuditCommands.TimeOf(call, "from"), To = AuditCommands.TimeOf(call, "to") };
        if (call.Line.Option("pool") is { } pool) request.PoolId = (await PoolCommands.FindAsync(call, pool)).PoolId;
        if (request.UserName.Length > 0 == request.PoolId.Length > 0) throw new UsageException("--user | --pool");
        if (request.From is null || request.To is null) throw new UsageException("--from --to");
        using var export = Client(call).Incident(request, call.AsAdministrator);
        var lines = await LinesToFile.WriteAsync(file, export.ResponseStream.ReadAllAsync(call.Ct).Select(some => some.Lines.AsEnumerable()), call.Ct);
        call.Screen.Result(call.Screen.Words($"{lines} linhas em {file}", $"{lines} lines in {file}"));
        return 0;
    }

    private static async Task<ReportPeriod> PeriodAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var period = new ReportPeriod { From = AuditCommands.TimeOf(call, "from"), To = AuditCommands.TimeOf(call, "to"), TimeZone = TimeZoneInfo.Local.HasIanaId ? TimeZoneInfo.Local.Id : "" };
        if (call.Line.Option("pool") is { } pool) period.PoolId = (await PoolCommands.FindAsync(call, pool)).PoolId;
        return period;
    }

    private static string Number(double hours) => hours.ToString("0.0", CultureInfo.InvariantCulture);
}
