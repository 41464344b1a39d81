using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// What may pass between a person's device and the desktop, and where an RD Gateway channel ends.
internal sealed partial class Language
{
    public string DevicesWord => Pick("Dispositivos e ligação", "Devices and connection");
    public string ChangeDevices => Pick("Mudar o que passa", "Change what passes");
    public string ChangeDevicesTitle(string pool) => Pick($"O que passa em {pool}", $"What passes in {pool}");
    public string DevicesHint => Pick("Ligado: passa entre o equipamento da pessoa e o ambiente de trabalho. Desligado: a gateway não deixa passar, seja qual for o cliente.", "On: it passes between the person's device and the desktop. Off: the gateway lets nothing through, whatever the client.");
    public string NewConnectionsOnly => Pick("Vale para as ligações feitas a partir de agora; as que estão abertas continuam como estão.", "It holds for connections made from now on; open ones stay as they are.");
    public string DevicesSaved(string pool) => Pick($"O conjunto {pool} foi alterado. Vale para as próximas ligações.", $"The pool {pool} was changed. It holds for the next connections.");
    public string PassesWord => Pick("Passa", "Passes");
    public string BlockedWord => Pick("Bloqueado", "Blocked");
    public string NothingBlocked => Pick("Nada está bloqueado", "Nothing is blocked");
    public string NothingPasses => Pick("Nada passa", "Nothing passes");
    public string BlockedCount(int n) => n == 0 ? NothingBlocked : Count(n, "{0} bloqueado", "{0} bloqueados", "{0} blocked", "{0} blocked");

    public string ClipboardGroup => Pick("Área de transferência", "Clipboard");
    public string DevicesGroup => Pick("Dispositivos", "Devices");
    public string SoundGroup => Pick("Som", "Sound");
    public string RdGatewayWord => "RD Gateway";

    public string RdGatewayHint => Pick("Onde acaba a ligação de quem entra por RD Gateway (mstsc, Windows App, FreeRDP).", "Where the connection ends for those who come by RD Gateway (mstsc, Windows App, FreeRDP).");
    public string EndsAtGateway => Pick("Na gateway", "At the gateway");
    public string EndsAtGatewayHint => Pick("A gateway inicia a sessão pela pessoa e aplica os bloqueios.", "The gateway signs the person in and enforces what is blocked.");
    public string EndsAtMachine => Pick("Na máquina", "At the machine");
    public string EndsAtMachineHint => Pick("O cliente cifra até à máquina e a pessoa inicia sessão nela; a gateway não vê nada, por isso não pode bloquear nada.", "The client encrypts up to the machine and the person signs in there; the gateway sees nothing and so can block nothing.");
    public string EndToEndIgnored => Pick("Enquanto algo estiver bloqueado, a ligação acaba na gateway: de outro modo ninguém podia impor o bloqueio.", "While something is blocked the connection ends at the gateway: nobody could enforce the block otherwise.");
    public string WillPass(string names) => Pick($"Passa a passar: {names}.", $"Will pass: {names}.");
    public string WillBeBlocked(string names) => Pick($"Deixa de passar: {names}.", $"Will no longer pass: {names}.");
    public string WillEndAtMachine => Pick("Os canais de RD Gateway passam a acabar na máquina.", "RD Gateway channels will end at the machine.");
    public string WillEndAtGateway => Pick("Os canais de RD Gateway passam a acabar na gateway.", "RD Gateway channels will end at the gateway.");

    public string Feature(DeviceFeature feature) => feature switch
    {
        DeviceFeature.ClipboardToDesktop => Pick("Colar no ambiente de trabalho", "Paste into the desktop"),
        DeviceFeature.ClipboardFromDesktop => Pick("Copiar do ambiente de trabalho", "Copy out of the desktop"),
        DeviceFeature.Drives => Pick("Discos e ficheiros", "Drives and files"),
        DeviceFeature.Printers => Pick("Impressoras", "Printers"),
        DeviceFeature.Usb => Pick("Dispositivos USB", "USB devices"),
        DeviceFeature.SmartCards => Pick("Cartões inteligentes", "Smart cards"),
        DeviceFeature.AudioOut => Pick("Som do ambiente de trabalho", "Sound of the desktop"),
        DeviceFeature.AudioIn => Pick("Microfone", "Microphone"),
        _ => $"{feature}",
    };

    public string FeatureHint(DeviceFeature feature) => feature switch
    {
        DeviceFeature.ClipboardToDesktop => Pick("O que se copia no equipamento pode ser colado no ambiente de trabalho.", "What is copied on the device can be pasted in the desktop."),
        DeviceFeature.ClipboardFromDesktop => Pick("O que se copia no ambiente de trabalho pode ser colado no equipamento.", "What is copied in the desktop can be pasted on the device."),
        DeviceFeature.Drives => Pick("As pastas do equipamento aparecem no ambiente de trabalho; no navegador, enviam-se e recebem-se ficheiros.", "Folders of the device appear in the desktop; in a browser, files are sent and received."),
        DeviceFeature.Printers => Pick("O ambiente de trabalho imprime nas impressoras do equipamento; no navegador, para PDF.", "The desktop prints on the device's printers; in a browser, to PDF."),
        DeviceFeature.Usb => Pick("Um dispositivo USB do equipamento pode ser entregue ao ambiente de trabalho.", "A USB device can be handed over to the desktop."),
        DeviceFeature.SmartCards => Pick("Um cartão no leitor do equipamento, como o Cartão de Cidadão, é lido no ambiente de trabalho.", "A card in the device's reader, such as a citizen card, is read in the desktop."),
        DeviceFeature.AudioOut => Pick("O som do ambiente de trabalho ouve-se no equipamento.", "The desktop's sound is heard on the device."),
        DeviceFeature.AudioIn => Pick("O que o microfone do equipamento ouve chega ao ambiente de trabalho.", "What the device's microphone hears reaches the desktop."),
        _ => "",
    };

    /// <summary>Names in a row, as a sentence holds them.</summary>
    public string Features(IEnumerable<DeviceFeature> features) => string.Join(", ", features.Select(Feature));

    // The audit names the feature in the action, as pool.block.clipboard_to_desktop.
    private string? FeatureAction(string action) => action.Split('.') is ["pool", var verb and ("block" or "allow"), var name]
        && Enum.TryParse<DeviceFeature>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var feature)
            ? $"{(verb == "block" ? Pick("Bloqueou", "Blocked") : Pick("Deixou passar", "Let pass"))}: {Feature(feature)}" : null;
}
