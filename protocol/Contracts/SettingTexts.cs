using System.Globalization;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Contracts;

/// <summary>What console and command line call settings, in Portuguese (pt-PT) and English: a name, and one sentence about what it does.</summary>
public static class SettingTexts
{
    private static readonly Dictionary<string, Words> All = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Identity:FreeAttemptsPerAccount"] = new("Tentativas por conta", "Tries for an account", "Palavras-passe erradas de uma conta antes de cada nova tentativa ter de esperar, de 1 até 32 segundos.", "Wrong passwords of one account before each further try has to wait, from 1 up to 32 seconds."),
        ["Identity:FreeAttemptsPerSource"] = new("Tentativas por rede de origem", "Tries from a network", "Palavras-passe erradas vindas da mesma rede antes de as seguintes terem de esperar. Um serviço inteiro pode partilhar um endereço.", "Wrong passwords from the same network before further ones have to wait. A whole office may share one address."),
        ["Identity:EmployeeLifetime"] = new("Duração do acesso ao portal", "Length of a portal sign-in", "Tempo ao fim do qual quem entrou no portal tem de iniciar sessão de novo. Vale para quem entrar a partir de agora.", "The time after which somebody on the portal has to sign in again. It holds for sign-ins from now on."),
        ["Identity:AdministratorLifetime"] = new("Duração do acesso à consola", "Length of a console sign-in", "Tempo ao fim do qual quem administra tem de iniciar sessão de novo. Vale para quem entrar a partir de agora.", "The time after which an administrator has to sign in again. It holds for sign-ins from now on."),
        ["Directories:Patience"] = new("Espera por um diretório", "Wait for a directory", "Quanto se espera que um diretório LDAP responda a uma pergunta.", "How long an LDAP directory may take to answer one question."),
        ["Directories:SyncPatience"] = new("Leitura de um diretório", "Reading a directory", "Quanto pode demorar a leitura de todas as pessoas e grupos de um diretório.", "How long reading all people and groups of a directory may take."),
        ["OpenId:Patience"] = new("Espera por um fornecedor OpenID", "Wait for an OpenID provider", "Quanto se espera que um fornecedor de identidade responda.", "How long an identity provider may take to answer."),
        ["OpenId:FlowLifetime"] = new("Tempo no fornecedor OpenID", "Time at the OpenID provider", "Quanto tempo a pessoa tem para iniciar sessão no fornecedor de identidade.", "How long a person may take to sign in at the identity provider."),
        ["ClientCertificates:Patience"] = new("Espera pela revogação", "Wait for revocation", "Quanto se espera que a entidade certificadora diga se um certificado foi revogado.", "How long a certification authority may take to say whether a certificate was revoked."),
        ["ClientCertificates:FlowLifetime"] = new("Tempo para mostrar o cartão", "Time to show the card", "Quanto tempo a pessoa tem para escolher o certificado e escrever o PIN.", "How long a person may take to choose a certificate and to type the PIN."),

        ["Launch:TicketLifetime"] = new("Validade de um bilhete", "Lifetime of a ticket", "Tempo entre abrir um ambiente de trabalho e o programa usar o bilhete que o abre.", "The time between opening a desktop and the client using the ticket that opens it."),
        ["Launch:FileTicketLifetime"] = new("Validade de um bilhete em ficheiro", "Lifetime of a ticket in a file", "O mesmo, para o ficheiro RDP que se descarrega e se abre a seguir.", "The same, for the RDP file that is downloaded and then opened."),
        ["Launch:LongestWait"] = new("Espera máxima na fila", "Longest wait in the queue", "Quem espera mais do que isto por uma máquina recebe a resposta de que não há nenhuma.", "Whoever waits longer than this for a machine is told that there is none."),
        ["Launch:KeepTraces"] = new("Guardar pedidos de ligação", "Keep launches", "Durante quanto tempo fica guardado porque é que cada pedido acabou como acabou.", "How long it is kept why each launch ended as it did."),
        ["Gateways:WrongTicketsPerMinute"] = new("Bilhetes errados por minuto", "Wrong tickets a minute", "Bilhetes errados vindos de um endereço num minuto antes de os seguintes serem recusados sem os ver.", "Wrong tickets from one address in a minute before further ones are refused unseen."),

        ["Gateways:ReuseTicketWithin"] = new("Voltar depois de uma quebra", "Coming back after a break", "Durante quanto tempo o mesmo programa pode voltar com o bilhete já usado depois de a ligação cair; 0: nunca.", "How long after its connection broke the same client may bring its used ticket again; 0: never."),
        ["Sessions:CommandWithin"] = new("Resposta do agente", "Answer of the agent", "Quanto tempo o agente de uma máquina tem para cumprir uma ordem, por exemplo terminar uma sessão.", "How long a machine's agent may take to obey an order, for example to log somebody off."),

        ["Assistance:AnswerWithin"] = new("Resposta ao pedido de assistência", "Answer to an assistance request", "Quanto tempo a pessoa tem para responder; sem resposta é um não.", "How long the person has to answer; no answer is a no."),
        ["Assistance:OpenWithin"] = new("Abrir depois da resposta", "Opening after the answer", "Quanto tempo quem administra tem, depois do sim, para abrir o ecrã.", "How long the administrator has to open the screen after the yes."),

        ["Provisioning:ParallelPerHost"] = new("Arranques ao mesmo tempo", "Starts at once", "Máquinas que podem arrancar ao mesmo tempo num anfitrião, enquanto nada nele foi medido.", "Machines that may start at once on one host, before anything on it was measured."),
        ["Provisioning:MostParallelPerHost"] = new("Máximo de arranques ao mesmo tempo", "Most starts at once", "Limite dos arranques ao mesmo tempo num anfitrião, por bem que corra.", "The limit of starts at once on one host, however well it goes."),
        ["Provisioning:ShrinkAfter"] = new("Retirar máquinas a mais", "Taking spare machines away", "Uma máquina além da reserva sai quando ninguém precisou dela durante este tempo.", "A machine beyond the spare goes when nobody has needed it for this long."),
        ["Provisioning:JoinTokenLifetime"] = new("Validade de um código de adesão", "Lifetime of a join token", "Tempo que uma máquina nova tem para aderir; o código só serve uma vez.", "How long a new machine has to join; the token works once."),
        ["Provisioning:EnrolmentUrl"] = new("Endereço de adesão das máquinas", "Where machines enrol", "Endereço https onde as máquinas novas aderem a este serviço. Vale para as que forem feitas a partir de agora.", "The https address at which new machines enrol. It holds for those made from now on."),
        ["Provisioning:ChannelUrl"] = new("Endereço do canal das máquinas", "Where machines report", "Endereço https por onde os agentes das máquinas falam com este serviço. Vale para as que forem feitas a partir de agora.", "The https address at which the machines' agents reach this broker. It holds for those made from now on."),

        ["Images:OpenUploads"] = new("Envios de imagens ao mesmo tempo", "Image uploads at once", "Quantas imagens podem estar a ser enviadas ao mesmo tempo.", "How many images may be uploading at once."),
        ["Images:KeepHalfUploads"] = new("Guardar envios a meio", "Keep half uploads", "Um envio que ficou a meio é eliminado ao fim deste tempo sem nada de novo.", "An upload that stopped half way is removed after this time without anything new."),
        ["Images:ReserveMib"] = new("Espaço que fica livre", "Space left free", "Espaço em disco em que as imagens não tocam.", "Disk space that images leave alone."),
        ["Images:CheckEvery"] = new("Verificar cópias das imagens", "Check copies of images", "De quanto em quanto tempo a cópia de cada anfitrião é lida e comparada com o original.", "How often each host's copy is read and compared with the original."),
        ["Images:CheckMibPerSecond"] = new("Velocidade da verificação", "Pace of the check", "A que velocidade uma cópia é lida, para que ninguém dê por isso.", "How fast a copy is read, so that nobody notices."),
        ["Rollouts:ProbeWithin"] = new("Início de sessão de prova", "Trial log-on", "Quanto pode demorar o início de sessão de prova numa máquina com imagem nova até se ver o ecrã.", "How long the trial log-on to a machine of a new image may take until its screen is seen."),
        ["Rollouts:AgentTellsWithin"] = new("Agente na prova", "Agent in the trial", "Quanto tempo o agente tem, depois do ecrã, para dizer que o ambiente de trabalho está pronto.", "How long after the screen the agent may take to say that the desktop is ready."),

        ["Wake:Again"] = new("Repetir o sinal para acordar", "Sending the wake packet again", "De quanto em quanto tempo o sinal é enviado outra vez a um computador que dorme.", "How often the packet is sent again to a sleeping computer."),
        ["Wake:GiveUpAfter"] = new("Desistir de acordar", "Giving up waking", "Um computador que não respondeu até aqui não acordou.", "A computer that has not reported by then did not wake."),

        ["Alerts:ConsoleAddress"] = new("Endereço da consola", "Address of the console", "Endereço https da consola para as ligações nas mensagens de alerta; vazio: sem ligações.", "The console's https address for links in alert messages; empty: without links."),
        ["Alerts:Quiet"] = new("Juntar alertas", "Gathering alerts", "Uma mensagem espera até nada de novo vir durante este tempo, para que o que falha junto seja dito junto.", "A message waits until nothing new has come for this long, so that what fails together is told together."),
        ["Alerts:LongestWait"] = new("Espera máxima para juntar", "Longest gathering", "Mas nenhuma mensagem espera mais do que isto.", "But no message waits longer than this."),
        ["Alerts:Patience"] = new("Espera por quem recebe", "Wait for the receiver", "Quanto tempo um servidor de correio ou web tem para aceitar uma mensagem.", "How long a mail or web server may take for one message."),
        ["Alerts:GiveUpAfter"] = new("Desistir de uma mensagem", "Giving up a message", "Uma mensagem que ninguém aceitou é abandonada ao fim deste tempo, e o canal diz isso.", "A message that nobody took is given up after this time, and its channel says so."),
        ["Alerts:KeepDays"] = new("Guardar alertas", "Keep alerts", "Durante quanto tempo ficam guardados os alertas resolvidos e as mensagens enviadas.", "How long resolved alerts and sent messages are kept."),

        ["AuditSyslog:Server"] = new("Servidor de syslog", "Syslog server", "Servidor que recebe o registo de auditoria por TLS (RFC 5425), como nome ou nome:porta; vazio: nenhum.", "The server that gets the audit record over TLS (RFC 5425), as host or host:port; empty: none."),
        ["AuditSyslog:Patience"] = new("Espera pelo servidor de syslog", "Wait for the syslog server", "Quanto tempo o servidor tem para aceitar a ligação e um bloco de registos.", "How long the server may take to connect, and to take one batch."),

        ["Energy:HostIdleWatts"] = new("Consumo de um anfitrião parado", "Draw of an idle host", "O que um anfitrião gasta sem nada para fazer. Meça um e escreva o que o contador diz.", "What a host draws with nothing to do. Measure one, and write what the meter says."),
        ["Energy:HostFullWatts"] = new("Consumo de um anfitrião cheio", "Draw of a busy host", "O que um anfitrião gasta com todos os processadores ocupados.", "What a host draws with every processor busy."),
        ["Energy:UsedShare"] = new("Ocupação de uma máquina em uso", "Load of a used machine", "Parte dos seus processadores que uma máquina ocupa enquanto alguém a usa.", "The share of its processors that a machine keeps busy while somebody uses it."),
        ["Energy:IdleShare"] = new("Ocupação de uma máquina parada", "Load of an unused machine", "Parte dos seus processadores que uma máquina ligada ocupa sem ninguém a usar.", "The share of its processors that a running machine keeps busy that nobody uses."),

        ["Passkeys:Host"] = new("Nome para chaves de acesso", "Host name for passkeys", "Nome de que o portal e a consola fazem parte; vazio: sem chaves de acesso. Mudá-lo inutiliza todas as que existem.", "The host name that portal and console share; empty: no passkeys. Changing it makes all of them worthless."),
        ["ClientCertificates:RevocationDirectory"] = new("Pasta das listas de revogação", "Folder of revocation lists", "Pasta do servidor com as listas de certificados revogados.", "The server's folder with lists of revoked certificates."),
        ["AuditSyslog:AuthorityFile"] = new("Entidades em que o syslog confia", "Authorities trusted for syslog", "Ficheiro com as entidades certificadoras aceites no servidor de syslog; vazio: as do sistema.", "The file of authorities that are trusted for the syslog server; empty: the system's."),
        ["Backup:At"] = new("Hora da cópia de segurança", "Time of the backup", "Hora a que a base de dados é copiada todas as noites.", "The time of day at which the database is backed up each night."),
        ["Backup:KeepDays"] = new("Guardar cópias de segurança", "Keep backups", "Durante quanto tempo fica guardada uma cópia de segurança.", "How long a backup is kept."),
        ["Hosting:ApiListen"] = new("Porta da API", "Door of the API", "Endereço e porta onde este serviço espera pela consola e pelos programas.", "Address and port at which this broker listens for consoles and programs."),
        ["Hosting:ChannelListen"] = new("Porta dos agentes e gateways", "Door of agents and gateways", "Endereço e porta onde este serviço espera pelas máquinas e pelos gateways.", "Address and port at which this broker listens for machines and gateways."),
        ["Hosting:StateDirectory"] = new("Pasta de estado", "State directory", "Pasta com as chaves, os certificados e a base de dados própria.", "The folder of keys, certificates and the private database."),
    };

    /// <summary>Keys that have words, in order.</summary>
    public static IReadOnlyCollection<string> Keys => All.Keys;

    /// <summary>A few words; the key itself for a setting of a newer broker.</summary>
    public static string Name(string key, CultureInfo culture) => !All.TryGetValue(key, out var words) ? key : AlertTexts.IsPortuguese(culture) ? words.NamePt : words.NameEn;

    /// <summary>One sentence: what it does.</summary>
    public static string Sentence(string key, CultureInfo culture) => !All.TryGetValue(key, out var words) ? "" : AlertTexts.IsPortuguese(culture) ? words.SentencePt : words.SentenceEn;

    /// <summary>What a group of settings is about.</summary>
    public static string Name(SettingSection section, CultureInfo culture) => (section, AlertTexts.IsPortuguese(culture)) switch
    {
        (SettingSection.SignIn, true) => "Início de sessão",
        (SettingSection.SignIn, false) => "Sign-in",
        (SettingSection.Launch, true) => "Pedidos de ligação",
        (SettingSection.Launch, false) => "Launches",
        (SettingSection.Sessions, true) => "Sessões",
        (SettingSection.Sessions, false) => "Sessions",
        (SettingSection.Assistance, true) => "Assistência",
        (SettingSection.Assistance, false) => "Assistance",
        (SettingSection.Provisioning, true) => "Criação de máquinas",
        (SettingSection.Provisioning, false) => "Provisioning",
        (SettingSection.Images, true) => "Imagens",
        (SettingSection.Images, false) => "Images",
        (SettingSection.Wake, true) => "Acordar computadores",
        (SettingSection.Wake, false) => "Waking computers",
        (SettingSection.Alerts, true) => "Alertas",
        (SettingSection.Alerts, false) => "Alerts",
        (SettingSection.AuditExport, true) => "Exportação do registo de auditoria",
        (SettingSection.AuditExport, false) => "Audit export",
        (SettingSection.Energy, true) => "Energia",
        (SettingSection.Energy, false) => "Energy",
        (SettingSection.Files, true) => "Só em ficheiros",
        (SettingSection.Files, false) => "Only in files",
        _ => section.ToString(),
    };

    /// <summary>The unit beside a field; empty for a plain number or a text.</summary>
    public static string Unit(SettingUnit unit, CultureInfo culture) => (unit, AlertTexts.IsPortuguese(culture)) switch
    {
        (SettingUnit.Seconds, true) => "segundos",
        (SettingUnit.Seconds, false) => "seconds",
        (SettingUnit.Minutes, true) => "minutos",
        (SettingUnit.Minutes, false) => "minutes",
        (SettingUnit.Hours, true) => "horas",
        (SettingUnit.Hours, false) => "hours",
        (SettingUnit.Days, true) => "dias",
        (SettingUnit.Days, false) => "days",
        (SettingUnit.Percent, _) => "%",
        (SettingUnit.Watts, _) => "W",
        (SettingUnit.Mib, _) => "MiB",
        (SettingUnit.MibPerSecond, _) => "MiB/s",
        _ => "",
    };

    /// <summary>A value as a reader of this language writes it: a decimal comma in Portuguese.</summary>
    public static string Written(Setting setting, string value, CultureInfo culture) =>
        setting.Kind is SettingKind.Whole or SettingKind.Number && double.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number.ToString("0.######", culture) : value;

    /// <summary>The range in words; empty for a text.</summary>
    public static string Range(Setting setting, CultureInfo culture) =>
        !setting.HasLowest || !setting.HasHighest ? ""
        : string.Format(culture, AlertTexts.IsPortuguese(culture) ? "{0:0.######} a {1:0.######}" : "{0:0.######} to {1:0.######}", setting.Lowest, setting.Highest) + (Unit(setting.Unit, culture) is { Length: > 0 } unit ? " " + unit : "");

    private sealed record Words(string NamePt, string NameEn, string SentencePt, string SentenceEn);
}
