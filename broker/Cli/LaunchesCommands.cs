using Google.Protobuf;
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
        new("pools what-if-new", $"{PoolCommands.Draft} [--like <pool>] [--days n]", "quem teria esperado num conjunto que ainda não existe, com as chegadas de outro ou de todos; não cria nada", "who would have waited in a pool that is not made yet, with the arrivals of another or of all; makes nothing", WhatIfNewAsync),
    ];

    private static async Task<int> WhatIfAsync(Invocation call)
    {
        var s = call.Screen;
        var request = new WhatIfRequest { PoolId = (await PoolCommands.FindAsync(call, call.Line.Take(2, 1, 1)[0])).PoolId, Days = call.Line.Number("days", 0) };
        if (call.Line.Has("size")) request.Size = call.Line.Number("size", 0);
        if (call.Line.Has("seats")) request.Seats = call.Line.Number("seats", 0);
        if (call.Line.Option("spare") is { } spare) request.Spare = PoolCommands.SpareOf(spare);
        var answer = await new Launches.LaunchesClient(call.Calls).WhatIfAsync(request, call.AsAdministrator);
        Outcomes(s, answer, (s.Words("como está", "as it is"), answer.AsIs), (s.Words("com a mudança", "changed"), answer.Changed));
        if (!s.Json) Waits(s, answer.Changed, answer.Days, answer.StartSeconds, answer.StartMeasured, answer.StartsAtOnce);
        return 0;
    }

    private static async Task<int> WhatIfNewAsync(Invocation call)
    {
        var s = call.Screen;
        var request = new WhatIfNewRequest { Draft = await PoolCommands.DraftAsync(call), Days = call.Line.Number("days", 0) };
        if (call.Line.Option("like") is { } like) request.PoolId = (await PoolCommands.FindAsync(call, like)).PoolId;
        var answer = await new Launches.LaunchesClient(call.Calls).WhatIfNewAsync(request, call.AsAdministrator);
        Outcomes(s, answer, (request.Draft.Name, answer.Outcome));
        if (s.Json) return 0;
        if (answer.Outcome.Arrivals == 0) s.Say("Nestes dias ninguém chegou: não há nada a simular.", "Nobody arrived in these days: there is nothing to simulate.");
        else s.Say($"Chegadas de {answer.People} pessoas a {answer.Pools} conjuntos.", $"Arrivals of {answer.People} people at {answer.Pools} pools.");
        Waits(s, answer.Outcome, answer.Days, answer.StartSeconds, answer.StartMeasured, answer.StartsAtOnce);
        return 0;
    }

    private static void Outcomes(Screen s, IMessage whole, params (string Name, WhatIfOutcome Outcome)[] rows) => s.Table(whole, rows,
        ("", r => r.Name), (s.Words("PEDIDOS", "ARRIVALS"), r => $"{r.Outcome.Arrivals}"), (s.Words("ESPERARIAM", "WOULD WAIT"), r => $"{r.Outcome.Waited}"),
        (s.Words("SEM MÁQUINA", "UNSERVED"), r => $"{r.Outcome.Unserved}"), (s.Words("MAIS LONGA s", "LONGEST s"), r => $"{r.Outcome.LongestWaitSeconds:0}"), ("P95 s", r => $"{r.Outcome.P95WaitSeconds:0}"),
        (s.Words("MÁQUINAS NO PICO", "MACHINES AT PEAK"), r => $"{r.Outcome.MostMachines}"), (s.Words("QUANDO", "WHEN"), r => Screen.Time(r.Outcome.MostMachinesAt)));

    private static void Waits(Screen s, WhatIfOutcome outcome, uint days, double startSeconds, bool measured, uint atOnce)
    {
        foreach (var wait in outcome.First) s.Result($"  {Screen.Time(wait.AskedAt)}  {wait.UserName}  {wait.WaitSeconds:0} s  {ReasonTexts.Name(wait.Reason.Code)}");
        s.Say($"{days} dias; um arranque dura {startSeconds:0} s{(measured ? "" : " (suposto)")}, {atOnce} ao mesmo tempo.",
            $"{days} days; a start takes {startSeconds:0} s{(measured ? "" : " (assumed)")}, {atOnce} at once.");
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
