using System.Globalization;
using System.Net;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class MachineCommands
{
    private const uint UsualPort = 3389;

    public static Command[] All { get; } =
    [
        new("machines list", "[--pool <pool>] [--orphaned]", "máquinas e o seu estado", "machines and how they are", ListAsync),
        new("machines restart", "<machine>", "reinicia", "restart", call => ActAsync(call, (client, id, options) => client.RestartAsync(new() { MachineId = id }, options))),
        new("machines refresh", "<machine>", "volta à imagem", "go back to the image version", call => ActAsync(call, (client, id, options) => client.RefreshAsync(new() { MachineId = id }, options))),
        new("machines drain", "<machine> [--off]", "não recebe sessões novas", "take no new sessions", DrainAsync),
        new("machines remove", "<machine>", "retira; uma adotada e o seu disco ficam no anfitrião", "remove; an adopted one and its disk stay on their host", call => ActAsync(call, (client, id, options) => client.RemoveAsync(new() { MachineId = id }, options))),
        new("machines wake", "<machine>", "acorda um computador que dorme", "wake a sleeping computer", call => ActAsync(call, (client, id, options) => client.WakeAsync(new() { MachineId = id }, options))),
        new("machines wake-address", "<machine> [<mac>[@<broadcast>[:<port>]]...] [--off]", "mostra ou escreve as placas que acordam um computador; --off: volta a valer o que diz o agente", "show or write down the network cards that wake a computer; --off: its agent's word counts again", WakeAddressAsync),
        new("machines assign", "<machine> <user>", "dá uma máquina livre de um conjunto dedicado, ou um computador de um manual, a uma pessoa", "give a free machine of a dedicated pool, or a computer of a manual one, to a person", AssignAsync),
        new("machines unassign", "<machine>", "retira a máquina à pessoa; o que lá guardou perde-se, salvo num computador existente", "take the machine back from its person; what was kept on it is lost, but on an existing computer", call => ActAsync(call, (client, id, options) => client.UnassignAsync(new() { MachineId = id }, options))),
        new("machines adopt", "<pool> <host> <domain-uuid> [<address[:port]>]", "adota uma máquina virtual existente e mostra o documento de adesão", "adopt an existing virtual machine and print its join document", AdoptAsync),
        new("machines add", "<pool> <name> <address[:port]>", "junta um computador existente e mostra o documento de adesão", "add an existing computer and print its join document", AddAsync),
    ];

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var pool = call.Line.Option("pool") is { } name ? (await PoolCommands.FindAsync(call, name)).PoolId : "";
        var answer = await new Machines.MachinesClient(call.Calls).ListAsync(new() { PoolId = pool }, call.AsAdministrator);
        var orphaned = new ListMachinesResponse { Machines = { answer.Machines.Where(m => m.Orphaned || !call.Line.Has("orphaned")) } };
        s.Table(orphaned, orphaned.Machines,
            (s.Words("MÁQUINA", "MACHINE"), m => m.Name),
            (s.Words("CONJUNTO", "POOL"), m => m.PoolName),
            (s.Words("ESTADO", "STATE"), m => Screen.Word(m.State, "") + (m.Draining ? " +drain" : "")),
            (s.Words("ENERGIA", "POWER"), m => Screen.Word(m.Power, "")),
            (s.Words("AGENTE", "AGENT"), m => m.AgentConnected ? m.AgentVersion : "-"),
            (s.Words("UTILIZADOR", "USER"), m => m.Seats > 1 ? $"{m.People}/{m.Seats}" : m.UserName),
            (s.Words("PRÓPRIA DE", "OWN OF"), m => m.AssignedUser + (m.Orphaned ? " !" : "")),
            (s.Words("PASSO", "STEP"), m => m.Step),
            (s.Words("ERRO", "ERROR"), m => m.Error));
        return 0;
    }

    private static Task<int> DrainAsync(Invocation call)
    {
        var drain = !call.Line.Has("off");
        return ActAsync(call, (client, id, options) => client.SetDrainAsync(new() { MachineId = id, Drain = drain }, options));
    }

    private static async Task<int> WakeAddressAsync(Invocation call)
    {
        var words = call.Line.Take(2, 1, 9);
        var client = new Machines.MachinesClient(call.Calls);
        var machine = await FindAsync(call, client, words[0]);
        if (words.Length > 1 || call.Line.Has("off")) await client.SetWakeAddressesAsync(new() { MachineId = machine.MachineId, Addresses = { words.Skip(1).Select(Card) } }, call.AsAdministrator);
        var details = await client.GetAsync(new() { MachineId = machine.MachineId }, call.AsAdministrator);
        var s = call.Screen;
        s.Table(details, details.WakeAddresses,
            ("MAC", c => c.Mac),
            (s.Words("DIFUSÃO", "BROADCAST"), c => c.Broadcast is "" ? "-" : c.Broadcast),
            (s.Words("PORTA", "PORT"), c => c.Port.ToString(CultureInfo.InvariantCulture)),
            (s.Words("ORIGEM", "FROM"), c => c.Learned ? s.Words("agente", "agent") : s.Words("equipa de informática", "IT")));
        return 0;
    }

    private static WakeAddress Card(string text)
    {
        var (mac, where) = text.Split('@', 2) is [var left, var right] ? (left, right) : (text, "");
        return where.Split(':', 2) is [var broadcast, var port] ? new() { Mac = mac, Broadcast = broadcast, Port = uint.TryParse(port, out var n) && n > 0 ? n : throw new UsageException(text) } : new() { Mac = mac, Broadcast = where };
    }

    private static Task<int> AssignAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        call.Line.Words.RemoveAt(3);
        return ActAsync(call, (client, id, options) => client.AssignAsync(new() { MachineId = id, UserName = words[1] }, options));
    }

    private static async Task<int> ActAsync(Invocation call, Func<Machines.MachinesClient, string, CallOptions, AsyncUnaryCall<MachineActionResponse>> act)
    {
        var wanted = call.Line.Take(2, 1, 1)[0];
        var client = new Machines.MachinesClient(call.Calls);
        var found = await FindAsync(call, client, wanted);
        var machine = (await act(client, found.MachineId, call.AsAdministrator)).Machine ?? found;
        var state = Screen.Word(machine.State, "") + (machine.Draining ? " +drain" : "");
        call.Screen.Done(machine, $"{machine.Name}: {state}", $"{machine.Name}: {state}");
        return 0;
    }

    public static Task<Machine> FindAsync(Invocation call, string wanted) => FindAsync(call, new(call.Calls), wanted);

    private static async Task<Machine> FindAsync(Invocation call, Machines.MachinesClient client, string wanted) =>
        (await client.ListAsync(new(), call.AsAdministrator)).Machines.FirstOrDefault(m => m.Name == wanted || m.MachineId == wanted) ?? throw Unknown.Object(ReasonCode.NotFound, wanted);

    private static async Task<int> AddAsync(Invocation call)
    {
        var words = call.Line.Take(2, 3, 3);
        var (address, port) = Reach(words[2]);
        var pool = await PoolCommands.FindAsync(call, words[0]);
        var added = await new Machines.MachinesClient(call.Calls).AddManualAsync(new() { PoolId = pool.PoolId, Name = words[1], Address = address, Port = port }, call.AsAdministrator);
        return Show(call, added);
    }

    // Without an address the gateway takes the first one that the agent tells.
    private static async Task<int> AdoptAsync(Invocation call)
    {
        var words = call.Line.Take(2, 3, 4);
        var (address, port) = words.Length > 3 ? Reach(words[3]) : ("", 0);
        var pool = await PoolCommands.FindAsync(call, words[0]);
        var host = await InfrastructureCommands.FindHostAsync(call, words[1]);
        return Show(call, await new Machines.MachinesClient(call.Calls).AdoptAsync(
            new() { PoolId = pool.PoolId, HostId = host.HostId, DomainUuid = words[2], Address = address, Port = port }, call.AsAdministrator));
    }

    private static (string Address, uint Port) Reach(string text) => IPEndPoint.TryParse(text, out var end)
        ? (end.Address.ToString(), end.Port == 0 ? UsualPort : (uint)end.Port)
        : text.Split(':') is [var host, var last] && uint.TryParse(last, out var given) ? (host, given) : (text, UsualPort);

    private static int Show(Invocation call, AddManualMachineResponse added)
    {
        if (call.Screen.Json) call.Screen.Message(added);
        else call.Screen.Result(added.JoinDocument);
        call.Screen.Say($"Dê este documento ao agente até {Screen.Time(added.JoinExpiresAt)}; serve uma vez.", $"Give this document to the agent before {Screen.Time(added.JoinExpiresAt)}; it works once.");
        return 0;
    }
}
