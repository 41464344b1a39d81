using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class PoolCommands
{
    /// <summary>What says of a pool how it is to be made.</summary>
    public const string Draft = "<name> [--kind floating|dedicated|multi-session|manual] [--seats n] [--distribution breadth|depth] [--renew hours] [--size n] [--spare n|n%|all] [--image <name>] [--host <name>[,<name>...]] [--placement breadth|depth] [--most-per-host n] [--cpus n] [--memory MiB] [--pattern <name-{n:00}>] [--description <text>] [--block <feature>[,<feature>...]] [--end-to-end] [--idle minutes] [--disconnected minutes] [--empty minutes] [--at-logoff refresh|delete|keep] [--message text] [--way-in client|browser] [--most-sessions n] [--right-lost keep|disconnect|log-off] [--card-removal nothing|disconnect|lock] [--site <site>]";

    public static Command[] All { get; } =
    [
        new("pools list", "", "conjuntos e o seu estado", "pools and how they are", ListAsync),
        new("pools create", Draft, "cria um conjunto", "make a pool", CreateAsync),
        new("pools resize", "<pool> <size>", "muda o número de máquinas", "change the number of machines", ResizeAsync),
        new("pools spare", "<pool> <n|n%|all>", "quantas máquinas ficam prontas além das ocupadas", "how many machines are kept ready beyond those in use", SpareAsync),
        new("pools block", "<pool> [drives|printers|clipboard-to-desktop|clipboard-from-desktop|usb|smart-cards|audio-out|audio-in ...]", "define o que não passa entre o equipamento e o ambiente de trabalho; sem nada, passa tudo", "set what does not pass between device and desktop; without any, everything passes", BlockAsync),
        new("pools rd-gateway", "<pool> gateway|machine", "define onde acaba um canal do RD Gateway: na gateway, que inicia a sessão pela pessoa, ou na própria máquina", "set where an RD Gateway channel ends: at the gateway, which signs the person in, or at the machine itself", EndAsync),
        new("pools instant", "<pool> on|off", "inicia as máquinas a partir de um estado guardado da imagem, em vez de as arrancar", "start machines from a saved running state of their image instead of booting them", InstantAsync),
        new("pools rules", "<pool> [--idle minutes] [--disconnected minutes] [--empty minutes] [--at-logoff refresh|delete|keep] [--message text] [--way-in client|browser] [--most-sessions n] [--right-lost keep|disconnect|log-off]", "regras das sessões: tempos (0: nunca), o que acontece à máquina no fim, mensagem do dia, como se liga, quantas, e o que acontece à de quem perde o direito; sem nada, mostra-as", "session rules: time-outs (0: never), what becomes of the machine, message of the day, way in, how many, and what becomes of the one of who loses the right; without any, shows them", RulesAsync),
        new("pools sharing", "<pool> [--seats n] [--distribution breadth|depth] [--renew hours]", "sessões por máquina, em que máquina fica a pessoa seguinte e ao fim de quantas horas uma vazia se renova", "sessions per machine, which machine the next person gets, and after how many hours an empty one is renewed", SharingAsync),
        new("pools site", "<pool> <site>|none [--host <name>[,<name>...]]", "diz em que local está; --host: os seus anfitriões lá", "say at which site it is; --host: its hosts there", SiteAsync),
        new("pools entitle", "<pool> <user>|--group <group>", "dá direito de acesso a uma pessoa ou a um grupo", "grant a person or a group the right to a pool", call => EntitleAsync(call, true)),
        new("pools revoke", "<pool> <user>|--group <group>", "retira o direito de acesso", "take the right away", call => EntitleAsync(call, false)),
    ];

    public static async Task<Pool> FindAsync(Invocation call, string nameOrId)
    {
        var pools = (await new Pools.PoolsClient(call.Calls).ListAsync(new(), call.AsAdministrator)).Pools;
        return pools.FirstOrDefault(pool => pool.Name == nameOrId || pool.PoolId == nameOrId) ?? throw Unknown.Object(ReasonCode.PoolUnknown, nameOrId);
    }

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await new Pools.PoolsClient(call.Calls).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Pools,
            (s.Words("CONJUNTO", "POOL"), p => p.Name),
            (s.Words("TIPO", "KIND"), p => Screen.Word(p.Kind, "")),
            (s.Words("LOCAL", "SITE"), p => p.SiteName),
            (s.Words("TAMANHO", "SIZE"), p => $"{p.Machines}/{p.Size}"),
            (s.Words("LIVRES", "AVAILABLE"), p => $"{p.Available}"),
            (s.Words("EM USO", "IN USE"), p => $"{p.InUse}"),
            (s.Words("EM PREPARAÇÃO", "PROVISIONING"), p => $"{p.Provisioning}"),
            (s.Words("AVARIADAS", "FAULTED"), p => $"{p.Faulted}"),
            (s.Words("EM ESPERA", "WAITING"), p => $"{p.Waiting}"),
            (s.Words("PROBLEMA", "TROUBLE"), p => p.Trouble is { Code: not ReasonCode.Unspecified } trouble ? Contracts.ReasonTexts.Name(trouble.Code) : ""));
        return 0;
    }

    private static async Task<int> CreateAsync(Invocation call)
    {
        var pool = await new Pools.PoolsClient(call.Calls).CreateAsync(await DraftAsync(call), call.AsAdministrator);
        call.Screen.Done(pool, $"Conjunto {pool.Name} criado: {pool.PoolId}", $"Pool {pool.Name} made: {pool.PoolId}");
        return 0;
    }

    /// <summary>The pool that was typed, as it would be made.</summary>
    public static async Task<CreatePoolRequest> DraftAsync(Invocation call)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        var kind = call.Line.Option("kind") ?? "floating";
        var request = new CreatePoolRequest
        {
            Name = name,
            Kind = Enum.TryParse<PoolKind>(kind.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var known) && known is not PoolKind.Unspecified ? known : throw new UsageException($"--kind {kind}"),
            Size = call.Line.Number("size", 0),
            Spare = SpareOf(call.Line.Option("spare") ?? "all"),
            Cpus = call.Line.Number("cpus", 1),
            MemoryMib = call.Line.Number("memory", 1024),
            MachineNamePattern = call.Line.Option("pattern") ?? "",
            Description = call.Line.Option("description") ?? "",
            BlockedFeatures = { (call.Line.Option("block") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Feature) },
            RdGatewayEndToEnd = call.Line.Has("end-to-end"),
        };
        if (call.Line.Option("image") is { } image) request.ImageVersionId = (await InfrastructureCommands.FindImageAsync(call, image)).ImageVersionId;
        foreach (var host in (call.Line.Option("host") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            request.HostIds.Add((await InfrastructureCommands.FindHostAsync(call, host)).HostId);
        if (call.Line.Option("placement") is { } placement)
            request.Placement = Enum.TryParse<Placement>(placement, ignoreCase: true, out var order) && order is not Placement.Unspecified ? order : throw new UsageException($"--placement {placement}");
        request.MostPerHost = call.Line.Number("most-per-host", 0);
        request.SiteId = await RoleCommands.SiteAsync(call);
        request.SessionRules = RulesOf(call);
        request.Sharing = SharingOf(call);
        return request;
    }

    private static async Task<int> ResizeAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        if (!uint.TryParse(words[1], out var size)) throw new UsageException(words[1]);
        var pool = await FindAsync(call, words[0]);
        var changed = await new Pools.PoolsClient(call.Calls).UpdateAsync(new() { PoolId = pool.PoolId, Size = size }, call.AsAdministrator);
        call.Screen.Done(changed, $"{changed.Name}: {pool.Size} -> {changed.Size}", $"{changed.Name}: {pool.Size} -> {changed.Size}");
        return 0;
    }

    private static async Task<int> SiteAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var pool = await FindAsync(call, words[0]);
        var request = new UpdatePoolRequest { PoolId = pool.PoolId, SiteId = await SiteCommands.IdOrNoneAsync(call, words[1]) };
        foreach (var host in (call.Line.Option("host") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            (request.Hosts ??= new()).HostIds.Add((await InfrastructureCommands.FindHostAsync(call, host)).HostId);
        var changed = await new Pools.PoolsClient(call.Calls).UpdateAsync(request, call.AsAdministrator);
        SiteCommands.Say(call, changed, changed.Name, changed.SiteName);
        return 0;
    }

    private static async Task<int> SpareAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var spare = SpareOf(words[1]);
        var pool = await FindAsync(call, words[0]);
        var changed = await new Pools.PoolsClient(call.Calls).UpdateAsync(new() { PoolId = pool.PoolId, Spare = spare }, call.AsAdministrator);
        call.Screen.Done(changed, $"{changed.Name}: {words[1]}", $"{changed.Name}: {words[1]}");
        return 0;
    }

    private static async Task<int> RulesAsync(Invocation call)
    {
        var words = call.Line.Take(2, 1, 1);
        var rules = RulesOf(call);
        var pool = await FindAsync(call, words[0]);
        if (rules.CalculateSize() > 0) pool = await new Pools.PoolsClient(call.Calls).UpdateAsync(new() { PoolId = pool.PoolId, SessionRules = rules }, call.AsAdministrator);
        var now = pool.SessionRules;
        call.Screen.Done(pool,
            $"{pool.Name}: sem atividade {Minutes(now.IdleMinutes, "nunca")}, desligada {Minutes(now.DisconnectedMinutes, "nunca")}, por usar {Minutes(now.EmptyMinutes, "nunca")}, no fim {Screen.Word(now.LogOffAction, "")}, {Screen.Word(now.WayIn, "")}, sessões {(now.MostSessions == 0 ? "sem limite" : now.MostSessions)}, sem direito {Screen.Word(now.RightLost, "")}, cartão retirado {Screen.Word(now.CardRemoval, "")}{(now.MessageOfTheDay.Length > 0 ? $"\n{now.MessageOfTheDay}" : "")}",
            $"{pool.Name}: idle {Minutes(now.IdleMinutes, "never")}, disconnected {Minutes(now.DisconnectedMinutes, "never")}, empty {Minutes(now.EmptyMinutes, "never")}, at logoff {Screen.Word(now.LogOffAction, "")}, {Screen.Word(now.WayIn, "")}, sessions {(now.MostSessions == 0 ? "any number" : now.MostSessions)}, right lost {Screen.Word(now.RightLost, "")}, card removed {Screen.Word(now.CardRemoval, "")}{(now.MessageOfTheDay.Length > 0 ? $"\n{now.MessageOfTheDay}" : "")}");
        return 0;
    }

    private static async Task<int> SharingAsync(Invocation call)
    {
        var words = call.Line.Take(2, 1, 1);
        var sharing = SharingOf(call);
        var pool = await FindAsync(call, words[0]);
        if (sharing is not null) pool = await new Pools.PoolsClient(call.Calls).UpdateAsync(new() { PoolId = pool.PoolId, Sharing = sharing }, call.AsAdministrator);
        if (pool.Sharing is { } now)
            call.Screen.Done(pool,
                $"{pool.Name}: {now.SessionsPerMachine} por máquina, {Screen.Word(now.Distribution, "")}, renova após {now.RenewHours} h, {pool.Sessions}/{pool.Seats} lugares",
                $"{pool.Name}: {now.SessionsPerMachine} per machine, {Screen.Word(now.Distribution, "")}, renews after {now.RenewHours} h, {pool.Sessions}/{pool.Seats} seats");
        else call.Screen.Done(pool, $"{pool.Name}: uma pessoa por máquina", $"{pool.Name}: one person per machine");
        return 0;
    }

    // Null: nothing was said of it.
    private static Sharing? SharingOf(Invocation call)
    {
        var sharing = new Sharing();
        if (call.Line.Has("seats")) sharing.SessionsPerMachine = call.Line.Number("seats", 0);
        if (call.Line.Option("distribution") is { } distribution)
            sharing.Distribution = Enum.TryParse<Distribution>(distribution, ignoreCase: true, out var known) && known is not Distribution.Unspecified ? known : throw new UsageException($"--distribution {distribution}");
        if (call.Line.Has("renew")) sharing.RenewHours = call.Line.Number("renew", 0);
        return sharing.CalculateSize() > 0 ? sharing : null;
    }

    private static SessionRules RulesOf(Invocation call)
    {
        var rules = new SessionRules();
        if (call.Line.Has("idle")) rules.IdleMinutes = call.Line.Number("idle", 0);
        if (call.Line.Has("disconnected")) rules.DisconnectedMinutes = call.Line.Number("disconnected", 0);
        if (call.Line.Has("empty")) rules.EmptyMinutes = call.Line.Number("empty", 0);
        if (call.Line.Option("at-logoff") is { } action)
            rules.LogOffAction = Enum.TryParse<LogOffAction>(action, ignoreCase: true, out var known) && known is not LogOffAction.Unspecified ? known : throw new UsageException($"--at-logoff {action}");
        if (call.Line.Option("message") is { } message) rules.MessageOfTheDay = message;
        if (call.Line.Option("way-in") is { } way)
            rules.WayIn = Enum.TryParse<Contracts.Admin.V1.WayIn>(way, ignoreCase: true, out var wanted) && wanted is not Contracts.Admin.V1.WayIn.Unspecified ? wanted : throw new UsageException($"--way-in {way}");
        if (call.Line.Has("most-sessions")) rules.MostSessions = call.Line.Number("most-sessions", 0);
        if (call.Line.Option("right-lost") is { } lost)
            rules.RightLost = Enum.TryParse<Contracts.Admin.V1.RightLost>(lost.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var fate) && fate is not Contracts.Admin.V1.RightLost.Unspecified ? fate : throw new UsageException($"--right-lost {lost}");
        if (call.Line.Option("card-removal") is { } removal)
            rules.CardRemoval = Enum.TryParse<Contracts.Admin.V1.CardRemoval>(removal, ignoreCase: true, out var card) && card is not Contracts.Admin.V1.CardRemoval.Unspecified ? card : throw new UsageException($"--card-removal {removal}");
        return rules;
    }

    private static string Minutes(uint minutes, string never) => minutes == 0 ? never : $"{minutes} min";

    public static Spare SpareOf(string word) => word switch
    {
        "all" => new() { Everything = true },
        [.. var share, '%'] when uint.TryParse(share, out var percent) => new() { Percent = percent },
        _ when uint.TryParse(word, out var machines) => new() { Machines = machines },
        _ => throw new UsageException(word),
    };

    private static async Task<int> BlockAsync(Invocation call)
    {
        var words = call.Line.Take(2, 1, 9);
        var blocked = new BlockedFeatures { Features = { words.Skip(1).Select(Feature) } };
        var pool = await FindAsync(call, words[0]);
        var changed = await new Pools.PoolsClient(call.Calls).UpdateAsync(new() { PoolId = pool.PoolId, BlockedFeatures = blocked }, call.AsAdministrator);
        var names = string.Join(", ", changed.BlockedFeatures);
        call.Screen.Done(changed, $"{changed.Name}: {(names.Length == 0 ? "passa tudo" : $"não passa {names}")}", $"{changed.Name}: {(names.Length == 0 ? "everything passes" : $"blocked: {names}")}");
        return 0;
    }

    private static async Task<int> EndAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var toMachine = words[1] switch { "machine" => true, "gateway" => false, _ => throw new UsageException(words[1]) };
        var pool = await FindAsync(call, words[0]);
        var changed = await new Pools.PoolsClient(call.Calls).UpdateAsync(new() { PoolId = pool.PoolId, RdGatewayEndToEnd = toMachine }, call.AsAdministrator);
        var ignored = changed.RdGatewayEndToEnd && changed.BlockedFeatures.Count > 0;
        call.Screen.Done(changed,
            $"{changed.Name}: {(toMachine ? "os canais acabam na máquina" : "os canais acabam na gateway")}{(ignored ? "; sem efeito enquanto houver bloqueios" : "")}",
            $"{changed.Name}: {(toMachine ? "channels end at the machine" : "channels end at the gateway")}{(ignored ? "; without effect while something is blocked" : "")}");
        return 0;
    }

    private static async Task<int> InstantAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var instant = words[1] switch { "on" => true, "off" => false, _ => throw new UsageException(words[1]) };
        var pool = await FindAsync(call, words[0]);
        var changed = await new Pools.PoolsClient(call.Calls).UpdateAsync(new() { PoolId = pool.PoolId, Instant = instant }, call.AsAdministrator);
        call.Screen.Done(changed,
            $"{changed.Name}: {(instant ? "as máquinas começam a partir de um estado guardado, assim que exista" : "as máquinas arrancam")}",
            $"{changed.Name}: {(instant ? "machines start from a saved running state, as soon as there is one" : "machines boot")}");
        return 0;
    }

    private static DeviceFeature Feature(string word) =>
        Enum.TryParse<DeviceFeature>(word.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var feature) && Enum.IsDefined(feature) && feature is not DeviceFeature.Unspecified
            ? feature : throw new UsageException(word);

    private static async Task<int> EntitleAsync(Invocation call, bool entitled)
    {
        var named = call.Line.Option("group");
        var words = call.Line.Take(2, named is null ? 2 : 1, named is null ? 2 : 1);
        var pool = await FindAsync(call, words[0]);
        var pools = new Pools.PoolsClient(call.Calls);
        EntitleResponse answer;
        if (named is null)
        {
            var request = new EntitleRequest { PoolId = pool.PoolId, UserName = words[1] };
            answer = entitled ? await pools.EntitleAsync(request, call.AsAdministrator) : await pools.RevokeEntitlementAsync(request, call.AsAdministrator);
        }
        else
        {
            var request = new EntitleGroupRequest { PoolId = pool.PoolId, GroupId = (await GroupCommands.FindAsync(call, named)).GroupId };
            answer = entitled ? await pools.EntitleGroupAsync(request, call.AsAdministrator) : await pools.RevokeGroupAsync(request, call.AsAdministrator);
        }
        var who = named ?? words[1];
        if (entitled) call.Screen.Done(answer, $"{who} tem direito a {pool.Name}", $"{who} is entitled to {pool.Name}");
        else call.Screen.Done(answer, $"{who} deixou de ter direito a {pool.Name}", $"{who} is not entitled to {pool.Name} any more");
        return 0;
    }
}
