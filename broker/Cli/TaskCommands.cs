using System.Globalization;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class TaskCommands
{
    public static Command[] All { get; } =
    [
        new("tasks list", "[--state <state>[,<state>...]] [--pool <pool>] [--machine <machine>] [--host <host>] [--by <user>] [--limit n] [--csv]", "o que se faz e fez, o mais recente primeiro", "what is and was done, newest first", ListAsync),
        new("tasks show", "<task>", "uma tarefa, linha a linha", "one task, line by line", ShowAsync),
        new("tasks cancel", "<task>", "cancela uma tarefa que ainda se possa cancelar", "cancel a task that can still be cancelled", CancelAsync),
    ];

    private static Tasks.TasksClient Client(Invocation call) => new(call.Calls);

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var request = new ListTasksRequest { AskedBy = call.Line.Option("by") ?? "", Limit = call.Line.Number("limit", 0) };
        if (call.Line.Option("state") is { } states)
            request.States.AddRange(states.Split(',').Select(state => Enum.TryParse<TaskState>(state, ignoreCase: true, out var known) && known != TaskState.Unspecified && !int.TryParse(state, out _) ? known : throw new UsageException($"--state {state}")));
        if (call.Line.Option("pool") is { } pool) request.PoolId = (await PoolCommands.FindAsync(call, pool)).PoolId;
        if (call.Line.Option("host") is { } host) request.HostId = (await InfrastructureCommands.FindHostAsync(call, host)).HostId;
        if (call.Line.Option("machine") is { } machine) request.MachineId = (await MachineCommands.FindAsync(call, machine)).MachineId;
        var answer = await Client(call).ListAsync(request, call.AsAdministrator);
        s.Table(answer, answer.Tasks,
            (s.Words("TAREFA", "TASK"), t => t.TaskId),
            (s.Words("O QUÊ", "WHAT"), t => TaskTexts.What(t.Kind, s.Culture)),
            (s.Words("EM", "ON"), t => t.ObjectName),
            (s.Words("ESTADO", "STATE"), t => TaskTexts.State(t.State, s.Culture) + (t.HasPercent && t.EndedAt is null ? string.Create(CultureInfo.InvariantCulture, $" {t.Percent} %") : "")),
            (s.Words("PEDIDA POR", "ASKED BY"), t => TaskTexts.Asker(t, s.Culture)),
            (s.Words("ANFITRIÃO", "HOST"), t => t.HostName),
            (s.Words("INÍCIO", "BEGAN"), t => Screen.Time(t.BeganAt)),
            (s.Words("FIM", "ENDED"), t => Screen.Time(t.EndedAt)),
            (s.Words("ÚLTIMA LINHA", "LAST LINE"), t => t.LastLine is null ? "" : Words(t.LastLine, s.Culture)));
        return 0;
    }

    private static async Task<int> ShowAsync(Invocation call)
    {
        var s = call.Screen;
        var details = await Client(call).GetAsync(new() { TaskId = call.Line.Take(2, 1, 1)[0] }, call.AsAdministrator);
        var task = details.Task;
        if (!s.Json)
        {
            s.Done(task, $"{TaskTexts.What(task.Kind, s.Culture)}: {task.ObjectName}  {TaskTexts.State(task.State, s.Culture)}  pedida por {TaskTexts.Asker(task, s.Culture)}",
                $"{TaskTexts.What(task.Kind, s.Culture)}: {task.ObjectName}  {TaskTexts.State(task.State, s.Culture)}  asked for by {TaskTexts.Asker(task, s.Culture)}");
            if (task.CanCancel) s.Say($"Pode ser cancelada: montalegre tasks cancel {task.TaskId}. {TaskTexts.CancelLeaves(task, s.Culture)}", $"Can be cancelled: montalegre tasks cancel {task.TaskId}. {TaskTexts.CancelLeaves(task, s.Culture)}");
            else if (TaskTexts.WayOut(task, s.Culture) is { Length: > 0 } way) s.Say(way, way);
        }
        s.Table(details, details.Lines,
            ("#", l => l.Number.ToString(CultureInfo.InvariantCulture)),
            (s.Words("QUANDO", "WHEN"), l => Screen.Time(l.At)),
            (s.Words("O QUÊ", "WHAT"), l => Words(l, s.Culture)));
        return 0;
    }

    private static async Task<int> CancelAsync(Invocation call)
    {
        var s = call.Screen;
        var task = await Client(call).CancelAsync(new() { TaskId = call.Line.Take(2, 1, 1)[0] }, call.AsAdministrator);
        s.Done(task, $"{TaskTexts.What(task.Kind, s.Culture)}: {task.ObjectName}: {TaskTexts.State(task.State, s.Culture)}", $"{TaskTexts.What(task.Kind, s.Culture)}: {task.ObjectName}: {TaskTexts.State(task.State, s.Culture)}");
        return 0;
    }

    private static string Words(TaskLine line, CultureInfo culture) => string.Join(" · ", new[] { TaskTexts.Line(line, culture), TaskTexts.Sentence(line.Trouble, culture), line.Trouble?.Code is null or ReasonCode.Unspecified ? "" : ReasonTexts.Name(line.Trouble.Code), line.Trouble?.Detail ?? "" }.Where(part => part.Length > 0));
}
