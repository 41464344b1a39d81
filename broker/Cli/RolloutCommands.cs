using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class RolloutCommands
{
    public static Command[] All { get; } =
    [
        new("pools rollout", "<pool> <image> [--canary n] [--wave %] [--keep-ready n] [--slower %] [--start-within seconds] [--force-at time] [--warn minutes]", "publica outra versão da imagem no conjunto, provada primeiro em poucas máquinas", "move the pool to another image version, proved on a few machines first", StartAsync),
        new("rollouts list", "[--pool name]", "publicações e o seu estado", "image roll-outs and how they are", ListAsync),
        new("rollouts show", "<rollout|pool>", "uma publicação e os seus inícios de sessão de teste", "one roll-out and its test log-ons", ShowAsync),
        new("rollouts halt", "<rollout|pool>", "para a publicação; nada mais muda", "stop it; nothing more changes", call => ActAsync(call, (client, id, options) => client.HaltAsync(new() { RolloutId = id }, options))),
        new("rollouts resume", "<rollout|pool>", "continua uma publicação parada, a partir de onde estava", "let a halted one go on from where it was", call => ActAsync(call, (client, id, options) => client.ResumeAsync(new() { RolloutId = id }, options))),
        new("rollouts rollback", "<rollout|pool>", "volta à versão anterior", "go back to the old version", call => ActAsync(call, (client, id, options) => client.RollBackAsync(new() { RolloutId = id }, options))),
    ];

    private static async Task<int> StartAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var request = new StartRolloutRequest
        {
            PoolId = (await PoolCommands.FindAsync(call, words[0])).PoolId, ImageVersionId = (await InfrastructureCommands.FindImageAsync(call, words[1])).ImageVersionId,
            Canaries = call.Line.Number("canary", 0), WavePercent = call.Line.Number("wave", 0), StartWithinSeconds = call.Line.Number("start-within", 0), WarnMinutes = call.Line.Number("warn", 0),
        };
        if (call.Line.Has("keep-ready")) request.KeepReady = call.Line.Number("keep-ready", 0);
        if (call.Line.Has("slower")) request.SlowdownPercent = call.Line.Number("slower", 0);
        if (call.Line.Option("force-at") is { } at)
            request.ForceAt = DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time) ? time.ToTimestamp() : throw new UsageException($"--force-at {at}");
        var rollout = await new Rollouts.RolloutsClient(call.Calls).StartAsync(request, call.AsAdministrator);
        call.Screen.Done(rollout, $"{rollout.PoolName}: {rollout.FromName} -> {rollout.ToName}, {rollout.RolloutId}", $"{rollout.PoolName}: {rollout.FromName} -> {rollout.ToName}, {rollout.RolloutId}");
        return 0;
    }

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var request = new ListRolloutsRequest();
        if (call.Line.Option("pool") is { } pool) request.PoolId = (await PoolCommands.FindAsync(call, pool)).PoolId;
        var answer = await new Rollouts.RolloutsClient(call.Calls).ListAsync(request, call.AsAdministrator);
        s.Table(answer, answer.Rollouts,
            (s.Words("PUBLICAÇÃO", "ROLLOUT"), r => r.RolloutId), (s.Words("CONJUNTO", "POOL"), r => r.PoolName), (s.Words("DE", "FROM"), r => r.FromName), (s.Words("PARA", "TO"), r => r.ToName),
            (s.Words("ESTADO", "STATE"), r => State(r.State)), (s.Words("ANTIGAS", "OLD"), r => $"{r.MachinesOld}"), (s.Words("NOVAS", "NEW"), r => $"{r.MachinesNew}"),
            (s.Words("EM USO", "IN USE"), r => $"{r.InUseOld}"), (s.Words("MOTIVO", "REASON"), r => (r.Halted ?? r.Waiting) is { } why ? ReasonTexts.Name(why.Code) : ""));
        return 0;
    }

    private static async Task<int> ShowAsync(Invocation call)
    {
        var s = call.Screen;
        var r = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        if (s.Json)
        {
            s.Message(r);
            return 0;
        }
        s.Result($"{r.RolloutId}  {r.PoolName}  {r.FromName} -> {r.ToName}  {State(r.State)}  {Screen.Time(r.StateSince)}");
        s.Result(s.Words($"máquinas: {r.MachinesOld} antigas ({r.InUseOld} em uso), {r.MachinesNew} novas, {r.Changing} a mudar, {r.Ready} prontas (mínimo {r.KeepReady})",
            $"machines: {r.MachinesOld} old ({r.InUseOld} in use), {r.MachinesNew} new, {r.Changing} changing, {r.Ready} ready (minimum {r.KeepReady})"));
        s.Result(s.Words($"início de sessão: antes {r.OldLogonMs} ms, agora {r.NewLogonMs} ms", $"log-on: {r.OldLogonMs} ms before, {r.NewLogonMs} ms now"));
        if ((r.Halted ?? r.Waiting) is { } why) s.Result(ReasonTexts.Sentence(why.Code, s.Culture) + (why.Detail.Length > 0 ? $" ({why.Detail})" : ""));
        s.Table(r, r.Probes,
            (s.Words("MÁQUINA", "MACHINE"), p => p.MachineName), (s.Words("ESTADO", "STATE"), p => p.State), ("GATEWAY", p => p.GatewayName), (s.Words("BILHETE ms", "TICKET ms"), p => $"{p.RedeemedMs}"),
            (s.Words("MÁQUINA ms", "MACHINE ms"), p => $"{p.StartedMs}"), (s.Words("IMAGEM ms", "PICTURE ms"), p => $"{p.PictureMs}"), (s.Words("SESSÃO ms", "LOG-ON ms"), p => $"{p.LogonMs}"),
            (s.Words("MOTIVO", "REASON"), p => p.Failed is { } failed ? ReasonTexts.Name(failed.Code) : ""));
        return 0;
    }

    private static async Task<int> ActAsync(Invocation call, Func<Rollouts.RolloutsClient, string, CallOptions, AsyncUnaryCall<Rollout>> act)
    {
        var found = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        var now = await act(new(call.Calls), found.RolloutId, call.AsAdministrator);
        call.Screen.Done(now, $"{now.PoolName}: {State(now.State)}", $"{now.PoolName}: {State(now.State)}");
        return 0;
    }

    // A pool's name stands for its newest one.
    private static async Task<Rollout> FindAsync(Invocation call, string poolOrId) =>
        (await new Rollouts.RolloutsClient(call.Calls).ListAsync(new(), call.AsAdministrator)).Rollouts.FirstOrDefault(r => r.RolloutId == poolOrId || r.PoolName == poolOrId)
        ?? throw Unknown.Object(ReasonCode.NotFound, poolOrId);

    private static string State(RolloutState state) => Screen.Word(state, "");
}
