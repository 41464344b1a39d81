using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Machines that start from a saved running state of their image.
internal sealed partial class Language
{
    public string StartWord => Pick("Arranque", "Start");
    public string StartOf(bool instant) => instant
        ? Pick("A partir de um estado guardado da imagem", "From a saved running state of the image")
        : Pick("Arrancam de raiz", "They boot");
    public string InstantSwitch => Pick("Iniciar as máquinas a partir de um estado guardado da imagem", "Start machines from a saved running state of the image");
    public string RunningStateOf(RunningState state) => Pick($"Estado guardado, {state.Cpus} CPU, {state.MemoryMib} MiB", $"Running state, {state.Cpus} CPUs, {state.MemoryMib} MiB");
    public string StateOf(RunningState state) => state.State switch
    {
        RunningStateState.Preparing => Pick("A ser preparado; as máquinas arrancam de raiz", "Being prepared; machines boot meanwhile"),
        RunningStateState.Ready => Pick("Pronto", "Ready"),
        RunningStateState.Failed => Pick("Falhou; nova tentativa dentro de dez minutos", "Failed; tried again within ten minutes"),
        RunningStateState.Bad => Pick("Deixou de ser usado; prepara-se outro", "No longer used; another is made"),
        _ => "–",
    };
    public string InstantEffect(bool instant) => instant
        ? Pick("Em cada anfitrião arranca-se e guarda-se uma máquina; as seguintes começam a partir dela. Onde isso não for possível, arrancam de raiz.", "One machine is booted and saved on each host; the next ones start from it. Where that cannot be done, they boot.")
        : Pick("As próximas máquinas arrancam de raiz.", "The next machines boot.");
}
