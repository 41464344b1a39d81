namespace Montalegre.Vdi.AdminUi.Words;

// Why somebody got this machine, or none. The sentences themselves are those of the command line: LaunchTexts.
internal sealed partial class Language
{
    public string LaunchesWord => Pick("Pedidos de ambiente de trabalho", "Launches");
    public string NoLaunches => Pick("Ainda não há pedidos guardados.", "No launches are kept yet.");
    public string WhyWord => Pick("Porquê?", "Why?");
    public string LaunchesDropped(ulong count) => Pick($"{count} pedidos não foram guardados desde que o serviço de ligações arrancou.", $"{count} launches were not kept since the broker started.");
}
