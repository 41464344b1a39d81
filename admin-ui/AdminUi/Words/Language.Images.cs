using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

internal sealed partial class Language
{
    public string ImportImage => Pick("Importar disco", "Import a disk");
    public string ImportTitle => Pick("Importar um disco como imagem-base", "Import a disk as a golden image");
    public string ImportDo => Pick("Começar o envio", "Start sending");
    public string DiskFile => Pick("Disco (qcow2 ou raw)", "Disk (qcow2 or raw)");
    public string DiskFileHint => Pick("O envio pode ser interrompido e continua onde ficou, mesmo noutro dia.", "Sending can be interrupted and goes on where it was, even on another day.");
    public string ChooseFile => Pick("Escolha primeiro o ficheiro do disco.", "Choose the disk's file first.");
    public string NoteWord => Pick("Nota", "Note");
    public string NoNote => Pick("Sem nota.", "No note.");
    public string KeepIdentity => Pick("Não selar: manter chaves e identidades da máquina original", "Do not seal: keep keys and identities of the original machine");
    public string SealEffect => Pick("É selada: saem as chaves do agente e SSH, o machine-id, os registos e as concessões DHCP da máquina original.", "It is sealed: the original machine's agent and SSH keys, machine id, logs and DHCP leases are removed.");
    public string KeepsIdentity => Pick("As chaves do agente e SSH, o machine-id e os registos da máquina original ficam em todas as máquinas feitas desta versão.", "The original machine's agent and SSH keys, machine id and logs stay in every machine made from this version.");
    public string CaptureImage => Pick("Captar máquina", "Capture a machine");
    public string CaptureTitle => Pick("Captar o disco de uma máquina desligada", "Capture the disk of a machine that is off");
    public string CaptureDo => Pick("Captar", "Capture");
    public string CaptureEffect => Pick("O disco é copiado inteiro; a máquina fica como está.", "The disk is copied whole; the machine stays as it is.");
    public string NothingToCapture => Pick("Não há máquinas virtuais neste anfitrião.", "There are no virtual machines on this host.");
    public string OnTheirWay => Pick("A caminho", "On their way");
    public string PauseDo => Pick("Interromper", "Pause");
    public string GoOnWith(string file) => Pick($"Continuar: escolher {file}", $"Go on: choose {file}");
    public string CancelImport => Pick("Cancelar", "Cancel");
    public string CancelImportQuestion(string name) => Pick($"Cancelar a importação de {name}?", $"Cancel the import of {name}?");
    public string CancelImportTouches => Pick("O que já chegou é apagado.", "What has arrived is deleted.");
    public string ImportCancelled => Pick("A importação foi cancelada.", "The import was cancelled.");
    public string ImportGoesOn => Pick("A importação continua.", "The import goes on.");
    public string PublishUnsealed => Pick("Publicar sem selar", "Publish unsealed");
    public string PublishUnsealedQuestion(string name) => Pick($"Publicar {name} sem selar?", $"Publish {name} without sealing?");
    public string NotTheSameFile(ImageImport import) => Pick($"Não é o mesmo ficheiro: escolha {import.Source}, com {Bytes(import.SizeBytes)}.", $"That is not the same file: choose {import.Source}, of {Bytes(import.SizeBytes)}.");
    public string SignedOutMeanwhile => Pick("A sessão na consola terminou. Entre de novo e continue.", "Your sign-in ended. Sign in again and go on.");
    public string ReceivedOf(ImageImport import) => Pick($"{Bytes(import.ReceivedBytes)} de {Bytes(import.SizeBytes)}", $"{Bytes(import.ReceivedBytes)} of {Bytes(import.SizeBytes)}");
    public string Step(ImageImport import) => $"{import.Step switch
    {
        ImportStep.Fetch => Pick("A copiar o disco", "Copying the disk"),
        ImportStep.Hash => Pick("A conferir", "Comparing"),
        ImportStep.Check => Pick("A verificar o disco", "Checking the disk"),
        ImportStep.Convert => Pick("A converter", "Converting"),
        ImportStep.Seal => Pick("A selar", "Sealing"),
        ImportStep.Publish => Pick("A publicar", "Publishing"),
        _ => Pick("A começar", "Beginning"),
    }} · {import.Percent} %";

    public string SystemWord => Pick("Sistema", "System");
    public string AgentVersionWord => Pick("Agente", "Agent");
    public string VirtualSizeWord => Pick("Disco da máquina", "Machine's disk");
    public string FileSizeWord => Pick("Tamanho do ficheiro", "File size");
    public string PublishedByWord => Pick("Publicada por", "Published by");
    public string MadeFromWord => Pick("Feita de", "Made from");
    public string SealWord => Pick("Selagem", "Sealing");
    public string SealedWord => Pick("Selada", "Sealed");
    public string NotSealedWord => Pick("Não selada", "Not sealed");
    public string FreedWord => Pick("Espaço libertado nos anfitriões", "Space freed on hosts");
    public string CopiesWord => Pick("Cópias nos anfitriões", "Copies on hosts");
    public string NoCopies => Pick("Nenhum anfitrião tem esta versão.", "No host has this version.");
    public string CheckNow => Pick("Verificar agora", "Check now");
    public string CheckAsked => Pick("As cópias estão a ser lidas e comparadas.", "The copies are being read and compared.");
    public string CheckedWord => Pick("Verificada", "Checked");
    public string SinceWord => Pick("Desde", "Since");
    public string SaveNote => Pick("Guardar nota", "Save note");
    public string NoteSaved => Pick("A nota foi guardada.", "The note was saved.");
    public string RetireFrees(ulong bytes, int hosts) => Pick($"Os ficheiros em {HostCount(hosts)} são apagados: cerca de {Bytes(bytes)} em cada um.", $"Its files on {HostCount(hosts)} are deleted: about {Bytes(bytes)} on each.");
    public string StateOf(ImageCopy copy) => copy switch
    {
        { Checking: true } => Pick("A verificar", "Checking") + Of(copy),
        { State: CopyState.Damaged } => Pick("Danificada; a ser reposta", "Damaged; being brought anew") + Of(copy),
        { State: CopyState.Missing } => Pick("Em falta; a ser reposta", "Missing; being brought anew") + Of(copy),
        _ => Pick("Boa", "Good"),
    };

    private string HostCount(int n) => Count(n, "{0} anfitrião", "{0} anfitriões", "{0} host", "{0} hosts");

    private static string Of(ImageCopy copy) => copy.HasPercent ? $" · {copy.Percent} %" : "";
}
