using System.Globalization;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Contracts;

/// <summary>What console, mail and command line say about alerts, in Portuguese (pt-PT) and English: what happened, and what to do.</summary>
public static class AlertTexts
{
    private static readonly Dictionary<AlertRule, Words> All = new()
    {
        [AlertRule.HostLost] = new(
            "Anfitrião sem contacto", "Host lost", "O anfitrião {0} não responde há {1}.", "Host {0} has not answered for {1}.",
            "Verifique a rede e a alimentação do anfitrião. Se estiver desligado, confirme-o na página dele, para que os ambientes de trabalho passem para outro.",
            "Check the host's network and power. If it is off, confirm that on its page, so that desktops move to another one."),
        [AlertRule.GatewayLost] = new(
            "Gateway sem contacto", "Gateway lost", "O gateway {0} não tem ligação ao serviço de ligações há {1}.", "Gateway {0} has not been connected to the broker for {1}.",
            "Verifique se o serviço do gateway está a correr e chega ao serviço de ligações. As sessões abertas por outros gateways não são afetadas.",
            "Check that the gateway's service runs and reaches the broker. Sessions through other gateways are not touched."),
        [AlertRule.NodeLost] = new(
            "Servidor do serviço de ligações sem contacto", "Broker node lost", "O servidor {0} não dá sinal há {1}.", "Node {0} has given no sign for {1}.",
            "Verifique o computador e o serviço. Os outros servidores continuam o trabalho. Volte a iniciá-lo; um que foi retirado é esquecido ao fim de 7 dias.",
            "Check the computer and the service. The other nodes go on with the work. Start it again; one that was taken away is forgotten after 7 days."),
        [AlertRule.PoolShort] = new(
            "Poucas máquinas prontas", "Few machines ready", "O conjunto {0} tem {1} prontas; o mínimo é {2}.", "Pool {0} has {1} ready; the minimum is {2}.",
            "Veja na página do conjunto o que impede mais máquinas. Aumente o tamanho ou a reserva do conjunto se há mais pessoas do que o previsto.",
            "See on the pool's page what keeps more machines from being made. Raise its size or spare if there are more people than planned."),
        [AlertRule.QueueLong] = new(
            "Fila comprida", "Long queue", "{1} esperam por uma máquina do conjunto {0}; o limite é {2}.", "{1} wait for a machine of pool {0}; the limit is {2}.",
            "Aumente o tamanho do conjunto, ou veja se os anfitriões têm memória para mais máquinas.",
            "Raise the pool's size, or see whether the hosts have memory for more machines."),
        [AlertRule.QueueSlow] = new(
            "Espera longa", "Long wait", "Quem está há mais tempo na fila do conjunto {0} espera há {1}; o limite é {2}.", "The first in the queue of pool {0} has waited for {1}; the limit is {2}.",
            "Veja na página do conjunto porque nenhuma máquina fica livre: criação parada, anfitriões cheios ou limite atingido.",
            "See on the pool's page why no machine becomes free: creation held, hosts full, or a limit reached."),
        [AlertRule.CreationFailing] = new(
            "Criação de máquinas falha", "Making machines fails", "A criação de máquinas do conjunto {0} falhou: {1} seguidas.", "Making machines of pool {0} has failed: {1} in a row.",
            "Leia o erro, corrija a causa (imagem, espaço, rede) e repita. As máquinas que já estão prontas continuam a servir.",
            "Read the error, mend its cause (image, space, network), and try again. Machines that are ready serve on."),
        [AlertRule.RolloutHalted] = new(
            "Atualização de imagem parada", "Image roll-out halted", "A atualização do conjunto {0} parou.", "The image roll-out of pool {0} has stopped.",
            "Veja na página da atualização porque parou. O conjunto fica com a versão anterior, ou volta a ela.",
            "See on the roll-out's page why it stopped. The pool keeps the version before, or goes back to it."),
        [AlertRule.BackupFailed] = new(
            "Cópia de segurança falhou", "Backup failed", "A cópia de segurança da base de dados falhou.", "The backup of the database failed.",
            "Leia o erro e verifique o espaço e as permissões da pasta das cópias. Depois faça uma: montalegre db backup.",
            "Read the error and check space and rights of the backups' directory. Then take one: montalegre db backup."),
        [AlertRule.BackupOld] = new(
            "Cópia de segurança antiga", "Backup too old", "A última cópia de segurança tem {1}; o limite é {2}.", "The newest backup is {1} old; the limit is {2}.",
            "Veja se o serviço de ligações esteve parado à hora da cópia. Faça uma agora: montalegre db backup.",
            "See whether the broker was stopped at the time of the backup. Take one now: montalegre db backup."),
        [AlertRule.StorageFull] = new(
            "Disco quase cheio", "Storage nearly full", "O volume {0} está ocupado a {1}; o limite é {2}.", "Volume {0} is {1} used; the limit is {2}.",
            "Liberte espaço ou aumente o volume. Cheio, a base de dados recusa escritas e ninguém novo entra.",
            "Free space or enlarge the volume. Once it is full, the database refuses to write and nobody new gets in."),
        [AlertRule.HostStorageFull] = new(
            "Armazenamento do anfitrião quase cheio", "Host storage nearly full", "O armazenamento do anfitrião {0} está ocupado a {1}; o limite é {2}.", "The storage of host {0} is {1} used; the limit is {2}.",
            "Retire versões de imagem que já não servem, diminua conjuntos ou aumente o armazenamento. Cheio, não se fazem máquinas e as que correm podem parar.",
            "Retire image versions that are not used any more, make pools smaller, or enlarge the storage. Once it is full, no machine is made and running ones may stop."),
        [AlertRule.CertificateEnds] = new(
            "Certificado a terminar", "Certificate ends", "O certificado de {0} termina dentro de {1}.", "The certificate of {0} ends within {1}.",
            "Um gateway ou agente renova o seu sozinho: veja no registo dele porque não conseguiu. O da porta de um gateway, do portal ou da consola é renovado por quem o emitiu (certbot, por exemplo) e lido de novo sozinho. A autoridade da instalação tem de ser substituída antes de terminar.",
            "A gateway or agent renews its own: see in its log why it could not. That of a gateway's door, portal or console is renewed by who issued it (certbot, for example), and read again by itself. The installation's authority has to be replaced before it ends."),
        [AlertRule.LogonSlow] = new(
            "Início de sessão lento", "Slow log-on", "95 em cada 100 inícios de sessão do conjunto {0} demoram até {1}; o limite é {2}.", "95 of 100 log-ons of pool {0} take up to {1}; the limit is {2}.",
            "Veja as fases na página de uma sessão recente: a mais longa diz se é a máquina, o perfil ou o diretório.",
            "Look at the phases on the page of a recent session: the longest says whether it is the machine, the profile or the directory."),
        [AlertRule.AgentSilent] = new(
            "Máquina sem contacto", "Machine silent", "O agente da máquina {0} não dá sinal há {1}.", "The agent of machine {0} has given no sign for {1}.",
            "Se forem muitas, procure o que têm em comum: anfitrião ou rede. Se for uma, reinicie-a na página dela; perde-se o que não foi guardado.",
            "If it is many, look for what they share: host or network. If it is one, restart it on its page; what was not saved is lost."),
        [AlertRule.AuditBroken] = new(
            "Registo de auditoria alterado", "Audit record changed", "O registo de auditoria não é o que foi selado.", "The audit record is not what was sealed.",
            "Guarde já uma cópia da base de dados e as exportações anteriores, e investigue quem tem acesso à base de dados. Uma verificação completa sem faltas encerra este alerta.",
            "Keep a copy of the database and earlier exports now, and find out who has access to the database. A whole verification without faults ends this alert."),
        [AlertRule.AuditStands] = new(
            "Registo de auditoria por selar", "Audit record not sealed", "O registo mais antigo espera há {1} pelo selo; o limite é {2}.", "The oldest entry has waited for its seal for {1}; the limit is {2}.",
            "Leia o registo do serviço de ligações que lidera: diz porque não consegue selar.",
            "Read the log of the broker that leads: it says why it cannot seal."),
        [AlertRule.DirectoryFails] = new(
            "Diretório não responde", "Directory fails", "O diretório {0} não pode ser lido.", "Directory {0} cannot be read.",
            "Experimente a ligação na página dos diretórios: diz que passo falha. Quem é do diretório não consegue entrar enquanto não responder.",
            "Test the connection on the page of directories: it names the step that fails. Its people cannot sign in until it answers."),
        [AlertRule.ChannelFailing] = new(
            "Avisos não são entregues", "Alerts are not delivered", "O canal {0} não entrega: {1} seguidas.", "Channel {0} does not deliver: {1} in a row.",
            "Leia o erro na página dos alertas, corrija o canal e envie um teste. As mensagens esperam e são entregues depois.",
            "Read the error on the page of alerts, correct the channel, and send a test. The messages wait and are delivered then."),
        [AlertRule.AuditExportStands] = new(
            "Registo de auditoria não sai", "Audit is not exported", "O registo mais antigo espera há {1} pelo servidor de syslog; o limite é {2}.", "The oldest entry has waited for the syslog server for {1}; the limit is {2}.",
            "Verifique o servidor de syslog, o certificado dele e a rede. Nada se perde: a exportação continua onde parou.",
            "Check the syslog server, its certificate and the network. Nothing is lost: the export goes on where it stopped."),
    };

    /// <summary>Portuguese for Portuguese cultures, English for every other.</summary>
    public static bool IsPortuguese(CultureInfo culture) => culture.TwoLetterISOLanguageName == "pt";

    /// <summary>A few words: what kind of alert it is.</summary>
    public static string Name(AlertRule rule, CultureInfo culture) => !All.TryGetValue(rule, out var words) ? rule.ToString() : IsPortuguese(culture) ? words.NamePt : words.NameEn;

    /// <summary>One sentence: what is so, of what.</summary>
    public static string Sentence(Alert alert, CultureInfo culture)
    {
        if (!All.TryGetValue(alert.Rule, out var words)) return alert.ObjectName;
        var unit = UnitOf(alert.Rule);
        return string.Format(culture, IsPortuguese(culture) ? words.SentencePt : words.SentenceEn, alert.ObjectName, Amount(alert.Value, unit, culture), Amount(alert.Threshold, unit, culture));
    }

    /// <summary>What to do about it.</summary>
    public static string Help(AlertRule rule, CultureInfo culture) => !All.TryGetValue(rule, out var words) ? "" : IsPortuguese(culture) ? words.HelpPt : words.HelpEn;

    /// <summary>One word.</summary>
    public static string Name(AlertSeverity severity, CultureInfo culture) => (severity, IsPortuguese(culture)) switch
    {
        (AlertSeverity.Critical, true) => "Crítico",
        (AlertSeverity.Critical, false) => "Critical",
        (AlertSeverity.Warning, true) => "Aviso",
        (AlertSeverity.Warning, false) => "Warning",
        (_, true) => "Informação",
        _ => "Information",
    };

    /// <summary>A number with what it counts: 3 minutes, 12 people.</summary>
    public static string Amount(double value, AlertUnit unit, CultureInfo culture)
    {
        var pt = IsPortuguese(culture);
        return unit switch
        {
            AlertUnit.Seconds when value < 120 => Count(value, "segundo", "segundos", "second", "seconds"),
            AlertUnit.Seconds when value < 7200 => Count(value / 60, "minuto", "minutos", "minute", "minutes"),
            AlertUnit.Seconds => Amount(value / 3600, AlertUnit.Hours, culture),
            AlertUnit.Hours when value < 72 => Count(value, "hora", "horas", "hour", "hours"),
            AlertUnit.Hours => Count(value / 24, "dia", "dias", "day", "days"),
            AlertUnit.Days when value < 0 => pt ? "0 dias" : "0 days",
            AlertUnit.Days => Count(value, "dia", "dias", "day", "days"),
            AlertUnit.Percent => string.Create(culture, $"{Math.Floor(value):0} %"),
            AlertUnit.Machines => Count(value, "máquina", "máquinas", "machine", "machines"),
            AlertUnit.People => Count(value, "pessoa", "pessoas", "person", "people"),
            AlertUnit.Tries => Count(value, "tentativa", "tentativas", "try", "tries"),
            _ => "",
        };

        string Count(double number, string onePt, string manyPt, string oneEn, string manyEn)
        {
            var whole = Math.Floor(number);
            return string.Create(culture, $"{whole:0} {(whole == 1 ? (pt ? onePt : oneEn) : pt ? manyPt : manyEn)}");
        }
    }

    /// <summary>The console's page about the object; the page of alerts where there is none.</summary>
    public static string PathOf(Alert alert) => alert.ObjectKind switch
    {
        "host" => $"/hosts/{alert.ObjectKey}",
        "pool" => $"/pools/{alert.ObjectKey}",
        "machine" => $"/machines/{alert.ObjectKey}",
        "rollout" => $"/rollouts/{alert.ObjectKey}",
        "gateway" => "/gateways",
        "audit" => "/audit",
        _ => "/alerts",
    };

    /// <summary>What a rule counts.</summary>
    public static AlertUnit UnitOf(AlertRule rule) => rule switch
    {
        AlertRule.HostLost or AlertRule.GatewayLost or AlertRule.NodeLost or AlertRule.QueueSlow or AlertRule.LogonSlow or AlertRule.AgentSilent or AlertRule.AuditStands or AlertRule.AuditExportStands => AlertUnit.Seconds,
        AlertRule.BackupOld => AlertUnit.Hours,
        AlertRule.CertificateEnds => AlertUnit.Days,
        AlertRule.StorageFull or AlertRule.HostStorageFull => AlertUnit.Percent,
        AlertRule.PoolShort => AlertUnit.Machines,
        AlertRule.QueueLong => AlertUnit.People,
        AlertRule.CreationFailing or AlertRule.ChannelFailing => AlertUnit.Tries,
        _ => AlertUnit.Unspecified,
    };

    private sealed record Words(string NamePt, string NameEn, string SentencePt, string SentenceEn, string HelpPt, string HelpEn);
}
