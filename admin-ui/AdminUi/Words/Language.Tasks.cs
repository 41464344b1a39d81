using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Everything long that is done. What a task itself says stands in TaskTexts, for the command line, too.
internal sealed partial class Language
{
    public string TasksWord => Pick("Tarefas", "Tasks");
    public string TaskWord => Pick("Tarefa", "Task");
    public string NoTasks => Pick("Nada foi feito nos últimos sete dias. Quando se cria, move ou elimina uma máquina, ou se importa uma imagem, aparece aqui.", "Nothing was done in the last seven days. When a machine is created, moved or removed, or an image imported, it appears here.");
    public string OnWhat => Pick("Em quê", "On");
    public string AskedBy => Pick("Pedida por", "Asked for by");
    public string LastLineWord => Pick("Última linha", "Last line");
    public string UnderWay => Pick("Por acabar", "Under way");
    public string FailedOnes => Pick("Falhadas", "Failed");
    public string OnMachines => Pick("Sobre máquinas", "About machines");
    public string OnImages => Pick("Sobre imagens", "About images");
    public string OnHosts => Pick("Sobre anfitriões", "About hosts");
    public string OnAnything => Pick("Sobre tudo", "About anything");
    public string AboutWhat => Pick("Sobre o quê", "About");
    public string PercentDone(uint percent) => Pick($"{percent} % feito", $"{percent} % done");
    public string NameOf(WorkTask task) => TaskTexts.What(task.Kind, Culture);
    public string Asker(WorkTask task) => TaskTexts.Asker(task, Culture);
    public string State(TaskState state) => TaskTexts.State(state, Culture);
    public string Line(TaskLine? line) => line is null ? "" : TaskTexts.Line(line, Culture);
    public string TookOf(WorkTask task, DateTimeOffset now) => Span((task.EndedAt?.ToDateTimeOffset() ?? now) - task.BeganAt.ToDateTimeOffset());
    public string TimeWithSeconds(Timestamp at) => at.ToDateTimeOffset().ToLocalTime().ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);

    public string Steps => Pick("O que aconteceu", "What happened");
    public string LinesGone(uint n) => Count((int)n, "{0:N0} linha mais antiga já não se guarda.", "{0:N0} linhas mais antigas já não se guardam.", "{0:N0} older line is not kept any more.", "{0:N0} older lines are not kept any more.");
    public string WayOutWord => Pick("Como parar", "How to stop it");
    public string CancelTask => Pick("Cancelar tarefa", "Cancel task");
    public string CancelTaskQuestion(WorkTask task) => Pick($"Cancelar «{NameOf(task)}: {task.ObjectName}»?", $"Cancel “{NameOf(task)}: {task.ObjectName}”?");
    public string LetTaskGoOn => Pick("Deixar continuar", "Let it go on");
    public string TaskCancelled => Pick("A tarefa foi cancelada.", "The task was cancelled.");
    public string TaskHalted => Pick("A publicação parou.", "The roll-out is halted.");
    public string ItsTasks => Pick("Ver em Tarefas", "See in Tasks");
}
