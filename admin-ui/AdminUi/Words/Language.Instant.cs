namespace Montalegre.Vdi.AdminUi.Words;

// Machines that start from a saved running state of their image.
internal sealed partial class Language
{
    public string StartWord => Pick("Arranque", "Start");
    public string StartOf(bool instant) => instant
        ? Pick("A partir de um estado guardado da imagem", "From a saved running state of the image")
        : Pick("Arrancam de raiz", "They boot");
    public string InstantSwitch => Pick("Iniciar as máquinas a partir de um estado guardado da imagem", "Start machines from a saved running state of the image");
    public string InstantEffect(bool instant) => instant
        ? Pick("Em cada anfitrião arranca-se e guarda-se uma máquina; as seguintes começam a partir dela. Onde isso não for possível, arrancam de raiz.", "One machine is booted and saved on each host; the next ones start from it. Where that cannot be done, they boot.")
        : Pick("As próximas máquinas arrancam de raiz.", "The next machines boot.");
}
