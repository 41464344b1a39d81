using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class LaunchesCommands
{
    public static Command[] All { get; } =
    [
        new("why", "<user|session|launch>", "porque recebeu esta pessoa esta máquina, ou nenhuma", "why this person got this machine, or none", WhyAsync),
        new("launches list", "[--user name] [--pool name] [--limit n]", "pedidos de ambiente de trabalho, do mais recente", "launches, newest first", ListAsync),
        new("pools what-if", "<pool> [--size n] [--spare n|n%|all] [--seats n] [--days n]", "quem teria esperado com outros números; não muda nada", "who would have waited with other numbers; changes nothing", WhatIfAsync),
    ];

    private static async Task<int> WhatIfAsync(Invocation call)
    {
        var s = call.Screen;
        var request = new WhatIfRequest { PoolId = (await PoolCommands.FindAsync(call, call.Line.Take(2, 1, 1)[0])).PoolId, Days = call.Line.Number("days", 0) };
        if (call.Line.Has("size")) request.Size = call.Line.Number("size", 0);
        if (call.Line.Has("seats")) request.Seats = call.Line.Number("seats", 0);
        if (call.Line.Option("spare") is { } spare) request.Spare = PoolCommands.SpareOf(spare);
        var answer = await new Launches.LaunchesClient(call.Calls).WhatIfAsync(request, call.AsAdministrator);
        s.Table(answer, new[] { (s.Words("como está", "as it is"), answer.AsIs), (s.Words("com a mudança", "changed"), answer.Changed) },
            ("", r => r.Item1), (s.Words("PEDIDOS", "ARRIVALS"), r => $"{r.Item2.Arrivals}"), (s.Words("ESPERARIAM", "WOULD WAIT"), r => $"{r.Item2.Waited}"),
            (s.Words("SEM MÁQUINA", "UNSERVED"), r => $"{r.Item2.Unserved}"), (s.Words("MAIS LONGA s", "LONGEST s"), r => $"{r.Item2.LongestWaitSeconds:0}"), ("P95 s", r => $"{r.Item2.P95WaitSeconds:0}"),
            (s.Words("MÁQUINAS NO PICO", "MACHINES AT PEAK"), r => $"{r.Item2.MostMachines}"), (s.Words("QUANDO", "WHEN"), r => Screen.Time(r.Item2.MostMachinesAt)));
        if (s.Json) return 0;
        foreach (var wait in answer.Changed.First) s.Result($"  {Screen.Time(wait.AskedAt)}  {wait.UserName}  {wait.WaitSeconds:0} s  {ReasonTexts.Name(wait.Reason.Code)}");
        s.Say($"{answer.Days} dias; um arranque dura {answer.StartSeconds:0} s{(answer.StartMeasured ? "" : " (suposto)")}, {answer.StartsAtOnce} ao mesmo tempo.",
            $"{answer.Days} days; a start takes {answer.StartSeconds:0} s{(answer.StartMeasured ? "" : " (assumed)")}, {answer.StartsAtOnce} at once.");
        return 0;
    }

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var request = new ListLaunchesRequest { UserName = call.Line.Option("user") ?? "", Limit = call.Line.Number("limit", 0) };
        if (call.Line.Option("pool") is { } pool) request.PoolId = (await PoolCommands.FindAsync(call, pool)).PoolId;
        var answer = await new Launches.LaunchesClient(call.Calls).ListAsync(request, call.AsAdministrator);
        s.Table(answer, answer.Launches,
            (s.Words("PEDIDO", "LAUNCH"), l => l.LaunchId), (s.Words("QUANDO", "WHEN"), l => Screen.Time(l.AskedAt)), (s.Words("UTILIZADOR", "USER"), l => l.UserName), (s.Words("CONJUNTO", "POOL"), l => l.PoolName),
            (s.Words("RESULTADO", "OUTCOME"), l => LaunchTexts.Outcome(l.Outcome, s.Culture)), (s.Words("MÁQUINA", "MACHINE"), l => l.MachineName),
            (s.Words("MOTIVO", "REASON"), l => l.Reason is { } why ? ReasonTexts.Name(why.Code) : ""), (s.Words("TEMPO s", "TIME s"), Took));
        if (answer.Dropped > 0) s.Say($"{answer.Dropped} pedidos não foram guardados desde que este serviço arrancou.", $"{answer.Dropped} launches were not kept since this broker started.");
        return 0;
    }

    private static async Task<int> WhyAsync(Invocation call)
    {
        var s = call.Screen;
        var launch = await FindAsync(call, call.Line.Take(1, 1, 1)[0]);
        if (s.Json)
        {
            s.Message(launch);
            return 0;
        }
        s.Result($"{Screen.Time(launch.AskedAt)}  {launch.UserName}  {launch.PoolName}  {LaunchTexts.Outcome(launch.Outcome, s.Culture)}  {launch.LaunchId}");
        foreach (var line in LaunchTexts.Explain(launch, s.Culture)) s.Result("  " + line);
        return 0;
    }

    // A session or a person stands for the newest launch; of a session, for the one that opened it.
    private static async Task<Launch> FindAsync(Invocation call, string what)
    {
        var client = new Launches.LaunchesClient(call.Calls);
        if (!Guid.TryParse(what, out _))
            return (await client.ListAsync(new() { UserName = what, Limit = 1 }, call.AsAdministrator)).Launches.FirstOrDefault() ?? throw Unknown.Object(ReasonCode.NotFound, what);
        var ofSession = (await client.ListAsync(new() { SessionId = what }, call.AsAdministrator)).Launches;
        return ofSession.FirstOrDefault(l => l.Outcome is LaunchOutcome.Started) ?? ofSession.FirstOrDefault() ?? await client.GetAsync(new() { LaunchId = what }, call.AsAdministrator);
    }

    private static string Took(Launch launch) => ((launch.EndedAt ?? DateTime.UtcNow.ToTimestamp()) - launch.AskedAt).ToTimeSpan().TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);
}
