using Grpc.Core;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>What the portal's button does: asks for a desktop, waits with the person, and prints the way in.</summary>
internal static class LaunchCommand
{
    public static Command[] All { get; } =
    [
        new("desktops", "", "os meus ambientes de trabalho", "my desktops", DesktopsAsync),
        new("launch", "<desktop> [--file <name.rdp>]", "abre um ambiente de trabalho: comando xfreerdp ou ficheiro .rdp", "open a desktop: xfreerdp command or .rdp file", LaunchAsync),
    ];

    private static async Task<int> DesktopsAsync(Invocation call)
    {
        call.Line.Take(1, 0, 0);
        var s = call.Screen;
        var answer = await new Employee.EmployeeClient(call.Calls).ListDesktopsAsync(new(), call.AsEmployee);
        s.Table(answer, answer.Desktops,
            (s.Words("AMBIENTE", "DESKTOP"), d => d.Name),
            (s.Words("ESTADO", "STATE"), d => Screen.Word(d.State, "")),
            (s.Words("MÁQUINA", "MACHINE"), d => d.MachineName),
            (s.Words("MOTIVO", "REASON"), d => d.Reason is { Code: not ReasonCode.Unspecified } reason ? ReasonTexts.Sentence(reason.Code, s.Culture) : ""));
        return 0;
    }

    private static async Task<int> LaunchAsync(Invocation call)
    {
        var wanted = call.Line.Take(1, 1, 1)[0];
        var file = call.Line.Option("file");
        var client = new Employee.EmployeeClient(call.Calls);
        var desktop = (await client.ListDesktopsAsync(new(), call.AsEmployee)).Desktops.FirstOrDefault(d => d.Name == wanted || d.PoolId == wanted)
            ?? throw Unknown.Object(ReasonCode.PoolUnknown, wanted);
        using var launch = client.Launch(new() { PoolId = desktop.PoolId, RequestId = Guid.NewGuid().ToString(), ForFile = file is not null }, call.AsEmployee);
        await foreach (var progress in launch.ResponseStream.ReadAllAsync(call.Ct))
        {
            switch (progress.KindCase)
            {
                case LaunchProgress.KindOneofCase.Waiting: SayWaiting(call.Screen, progress.Waiting); break;
                case LaunchProgress.KindOneofCase.Refused: return Failures.Say(call.Screen, progress.Refused);
                case LaunchProgress.KindOneofCase.Ready: return await ShowAsync(call, progress.Ready, file);
            }
        }
        return Failures.Say(call.Screen, new Reason { Code = ReasonCode.BrokerUnavailable });
    }

    private static void SayWaiting(Screen screen, LaunchWaiting waiting)
    {
        var sentence = ReasonTexts.Sentence(waiting.Reason?.Code ?? ReasonCode.WaitingForMachine, screen.Culture);
        var queue = waiting.Queue is { Place: > 0 } place
            ? screen.Words($" Lugar {place.Place}", $" Place {place.Place}") + (place.EstimatedSeconds > 0 ? $", ~{place.EstimatedSeconds} s" : "")
            : "";
        screen.Say(sentence + queue, sentence + queue);
    }

    private static async Task<int> ShowAsync(Invocation call, LaunchReady ready, string? file)
    {
        if (ready.Gateways.Count == 0) return Failures.Say(call.Screen, new Reason { Code = ReasonCode.BrokerUnavailable, Detail = "gateway" });
        var way = new WayIn(ready.Gateways[0], ready.Ticket, call.Saved.Employee!.UserName);
        call.Screen.Say(
            ready.Reconnection ? $"A sua sessão em {ready.MachineName} está à espera." : $"{ready.MachineName} está pronta.",
            ready.Reconnection ? $"Your session on {ready.MachineName} is waiting." : $"{ready.MachineName} is ready.");
        if (file is not null)
        {
            await File.WriteAllBytesAsync(file, way.RdpFile(), call.Ct);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        if (call.Screen.Json) call.Screen.Message(ready);
        else call.Screen.Result(file ?? way.FreeRdpCommand());
        return 0;
    }
}
