using System.Globalization;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Contracts;

/// <summary>What tasks and their lines say, in both languages, the same in console and command line.</summary>
public static class TaskTexts
{
    /// <summary>What is done.</summary>
    public static string What(TaskKind kind, CultureInfo culture) => kind switch
    {
        TaskKind.Provision => Pick(culture, "Criar máquina", "Create machine"),
        TaskKind.Refresh => Pick(culture, "Repor estado inicial", "Refresh machine"),
        TaskKind.Restart => Pick(culture, "Reiniciar máquina", "Restart machine"),
        TaskKind.Delete => Pick(culture, "Eliminar máquina", "Remove machine"),
        TaskKind.Sleep => Pick(culture, "Adormecer máquina", "Put machine to sleep"),
        TaskKind.Wake => Pick(culture, "Acordar máquina", "Wake machine"),
        TaskKind.Move => Pick(culture, "Mudar de anfitrião", "Move to another host"),
        TaskKind.Import => Pick(culture, "Importar disco", "Import disk"),
        TaskKind.Capture => Pick(culture, "Captar disco", "Capture disk"),
        TaskKind.Publish => Pick(culture, "Levar imagem aos anfitriões", "Bring image to the hosts"),
        TaskKind.Copy => Pick(culture, "Repor cópia da imagem", "Bring image copy anew"),
        TaskKind.RunningState => Pick(culture, "Preparar arranque imediato", "Prepare instant start"),
        TaskKind.Rollout => Pick(culture, "Publicar imagem no conjunto", "Roll image out to pool"),
        TaskKind.Drain => Pick(culture, "Esvaziar anfitrião", "Empty host"),
        _ => Pick(culture, "Outra tarefa", "Other task"),
    };

    /// <summary>How it stands.</summary>
    public static string State(TaskState state, CultureInfo culture) => state switch
    {
        TaskState.Waiting => Pick(culture, "À espera", "Waiting"),
        TaskState.Running => Pick(culture, "Em curso", "Running"),
        TaskState.Done => Pick(culture, "Concluída", "Done"),
        TaskState.Failed => Pick(culture, "Falhou", "Failed"),
        TaskState.Cancelled => Pick(culture, "Cancelada", "Cancelled"),
        _ => "–",
    };

    /// <summary>Who or what asked for it.</summary>
    public static string Asker(WorkTask task, CultureInfo culture) => task.Cause switch
    {
        TaskCause.Person => task.AskedBy is "" or "-" ? Pick(culture, "uma pessoa", "a person") : task.AskedBy,
        TaskCause.Pool => Pick(culture, "o conjunto", "the pool"),
        TaskCause.Schedule => Pick(culture, "o horário do conjunto", "the pool's schedule"),
        TaskCause.LogOff => Pick(culture, "o fim de uma sessão", "the end of a session"),
        TaskCause.Launch => Pick(culture, "alguém que espera", "somebody who waits"),
        TaskCause.Rollout => Pick(culture, "a publicação da imagem", "the image roll-out"),
        TaskCause.Host => Pick(culture, "o anfitrião, perdido ou a esvaziar", "the host, lost or let go of"),
        TaskCause.Drift => Pick(culture, "a vigilância dos anfitriões", "the watch over hosts"),
        TaskCause.Retry => Pick(culture, "nova tentativa após falha", "another try after a failure"),
        _ => Pick(culture, "o serviço de ligações", "the broker"),
    };

    /// <summary>A step of a task, as a person says it.</summary>
    public static string Step(string step, CultureInfo culture) => step switch
    {
        "" => "",
        "overlay" => Pick(culture, "criar disco", "create disk"),
        "place" => Pick(culture, "escolher outro anfitrião", "choose another host"),
        "move_live" => Pick(culture, "mudar de anfitrião com a sessão aberta", "change hosts with the session open"),
        "define" => Pick(culture, "definir no hipervisor", "define at the hypervisor"),
        "start" => Pick(culture, "arrancar", "start"),
        "stop" => Pick(culture, "parar", "stop"),
        "remove" => Pick(culture, "retirar do anfitrião", "remove from the host"),
        "save" => Pick(culture, "guardar a memória", "save the memory"),
        "restore" => Pick(culture, "repor a memória", "restore the memory"),
        "shut_down" => Pick(culture, "encerrar", "shut down"),
        "magic_packet" => Pick(culture, "enviar pacotes de despertar", "send wake packets"),
        "await_agent" => Pick(culture, "esperar pelo agente", "wait for the agent"),
        "receive" => Pick(culture, "receber o ficheiro", "receive the file"),
        "fetch" => Pick(culture, "copiar o disco", "copy the disk"),
        "hash" => Pick(culture, "conferir", "compare"),
        "check" => Pick(culture, "verificar o disco", "check the disk"),
        "convert" => Pick(culture, "converter", "convert"),
        "seal" => Pick(culture, "selar", "seal"),
        "publish" => Pick(culture, "publicar", "publish"),
        "copy" => Pick(culture, "copiar", "copy"),
        "canary" => Pick(culture, "preparar as primeiras máquinas", "make the first machines"),
        "proving" => Pick(culture, "provar a versão", "prove the version"),
        "waves" => Pick(culture, "mudar as restantes máquinas", "change the other machines"),
        "halted" => Pick(culture, "parada", "halted"),
        "rolling_back" => Pick(culture, "voltar à versão anterior", "go back to the old version"),
        "rolled_back" => Pick(culture, "voltou à versão anterior", "went back to the old version"),
        "drain" or "draining" => Pick(culture, "esvaziar", "empty"),
        "maintenance" => Pick(culture, "pôr em manutenção", "put into maintenance"),
        "done" => Pick(culture, "concluído", "finished"),
        _ => step.Replace('_', ' '),
    };

    /// <summary>A line without its trouble.</summary>
    public static string Line(TaskLine line, CultureInfo culture)
    {
        var step = Step(line.Step, culture);
        return line.Event switch
        {
            TaskEvent.Began => Pick(culture, "Pedida", "Asked for"),
            TaskEvent.Step => Capital(step),
            TaskEvent.Attempt => Pick(culture, $"Não resultou: {step}. Tenta-se de novo", $"Did not work: {step}. It is tried again"),
            TaskEvent.FellBack => Pick(culture, $"Segue por outro caminho: {step}", $"Goes another way: {step}"),
            TaskEvent.Waits => Pick(culture, "Espera", "Waits"),
            TaskEvent.Turned => Pick(culture, "Foi pedida outra coisa entretanto, e faz-se essa", "Something else was asked for meanwhile, and is done instead"),
            TaskEvent.Again => Pick(culture, "Continua depois de ter falhado", "Goes on after it had failed"),
            TaskEvent.Done => Pick(culture, "Concluída", "Done"),
            TaskEvent.Failed => step.Length > 0 ? Pick(culture, $"Falhou: {step}", $"Failed: {step}") : Pick(culture, "Falhou", "Failed"),
            TaskEvent.Cancelled => Pick(culture, "Cancelada", "Cancelled"),
            _ => Capital(step),
        };
    }

    /// <summary>The sentence of what is wrong, or waited for; empty when only a detail is known.</summary>
    public static string Sentence(Reason? trouble, CultureInfo culture) => trouble is null or { Code: ReasonCode.Unspecified } ? "" : ReasonTexts.Sentence(trouble.Code, culture);

    /// <summary>What a refusal to cancel is about: the state, step or kind that it names, in words; null where it is another refusal.</summary>
    public static string? Detail(ReasonCode reason, string detail, CultureInfo culture) => reason switch
    {
        ReasonCode.TaskOver when Enum.TryParse<TaskState>(detail, ignoreCase: true, out var state) => State(state, culture).ToLower(culture),
        ReasonCode.TaskBegun => Step(detail, culture),
        ReasonCode.TaskNotCancellable when Enum.TryParse<TaskKind>(detail.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var kind) => What(kind, culture).ToLower(culture),
        _ => null,
    };

    /// <summary>What cancelling leaves behind.</summary>
    public static string CancelLeaves(WorkTask task, CultureInfo culture) => task.Kind switch
    {
        TaskKind.Import or TaskKind.Capture => Pick(culture, "O que já chegou é apagado. Não fica nenhuma versão de imagem.", "What has arrived is deleted. No image version stays."),
        TaskKind.Rollout => Pick(culture, "Nada mais muda. As máquinas que já mudaram ficam com a nova versão, até continuar ou voltar à anterior.", "Nothing more changes. Machines that have changed stay on the new version until you resume it or roll it back."),
        TaskKind.Wake => Pick(culture, "Não se enviam mais pacotes. O computador fica como está; se já acordou, continua ligado.", "No more packets are sent. The computer stays as it is; one that has woken stays on."),
        _ => Pick(culture, "Ainda não começou: a máquina fica como estava e volta a ser oferecida. As sessões que terminaram com o pedido não voltam.", "It has not begun: the machine stays as it was and is offered again. Sessions that ended with the request do not come back."),
    };

    /// <summary>Where to change what asks for it, when it cannot be cancelled by itself.</summary>
    public static string WayOut(WorkTask task, CultureInfo culture) => task.Kind switch
    {
        _ when task.EndedAt is not null => "",
        TaskKind.Provision => Pick(culture, "O conjunto quer esta máquina: diminua o tamanho do conjunto, ou elimine a máquina.", "The pool wants this machine: make the pool smaller, or remove the machine."),
        TaskKind.Delete => Pick(culture, "Uma eliminação vai sempre até ao fim: nenhuma máquina fica meio apagada.", "A removal always goes on to its end: no machine stays half deleted."),
        TaskKind.Sleep => Pick(culture, "É o horário do conjunto que a pede: mude-o na página do conjunto.", "The pool's schedule asks for it: change it on the pool's page."),
        TaskKind.Wake => Pick(culture, "O conjunto precisa dela: mude o horário ou as máquinas livres do conjunto.", "The pool needs it: change the pool's schedule or its spare machines."),
        TaskKind.Move => Pick(culture, "O anfitrião está a ser esvaziado: volte a pô-lo em serviço para a máquina ficar.", "Its host is being emptied: put the host back into service for the machine to stay."),
        TaskKind.Publish => Pick(culture, "Segue até todos os anfitriões terem a imagem. Para a tirar deles, retire a versão da imagem.", "It goes on until all hosts have the image. To take it off them, retire the image version."),
        TaskKind.Copy => Pick(culture, "A cópia repõe-se sozinha. Deixa de ser precisa se a versão da imagem for retirada.", "The copy is brought anew by itself. It is not needed any more once the image version is retired."),
        TaskKind.RunningState => Pick(culture, "O arranque imediato do conjunto pede-a: desligue-o na página do conjunto.", "The pool's instant start asks for it: switch it off on the pool's page."),
        TaskKind.Drain => Pick(culture, "Ponha o anfitrião de novo em serviço.", "Put the host back into service."),
        TaskKind.Rollout => Pick(culture, "Está parada ou a reverter: continue-a, ou volte à versão anterior, na página da publicação.", "It is halted or going back: resume it, or roll it back, on the roll-out's page."),
        _ => Pick(culture, "Já começou: segue até ao fim para não deixar a máquina a meio.", "It has begun: it goes on to its end, so as not to leave the machine half done."),
    };

    /// <summary>The console's page about what it is done to; null where there is none any more.</summary>
    public static string? PathOf(WorkTask task) => task switch
    {
        { Kind: TaskKind.Rollout, ObjectThere: true } => $"/rollouts/{task.TaskId}",
        { ObjectKind: "image", ObjectThere: false, EndedAt: null } => "/images",
        { ObjectThere: false } => null,
        { ObjectKind: "machine" } => $"/machines/{task.ObjectId}",
        { ObjectKind: "image" } => $"/images/{task.ObjectId}",
        { ObjectKind: "host" } => $"/hosts/{task.ObjectId}",
        _ => $"/pools/{task.ObjectId}",
    };

    private static string Capital(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..];

    private static string Pick(CultureInfo culture, string pt, string en) => culture.TwoLetterISOLanguageName == "pt" ? pt : en;
}
