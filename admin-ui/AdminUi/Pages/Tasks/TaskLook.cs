using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using static MudBlazor.Icons.Material;

namespace Montalegre.Vdi.AdminUi.Pages.Tasks;

/// <summary>How the state of a task looks.</summary>
internal static class TaskLook
{
    public static StateLook Of(WorkTask task, Language say) => task.State switch
    {
        TaskState.Waiting => new("warn", Outlined.HourglassTop, say.State(task.State)),
        TaskState.Running => new("busy", Outlined.PlayCircle, say.State(task.State)),
        TaskState.Done => new("good", Outlined.CheckCircle, say.State(task.State)),
        TaskState.Failed => new("bad", Outlined.ErrorOutline, say.State(task.State)),
        _ => new("calm", Outlined.Block, say.State(task.State)),
    };
}
