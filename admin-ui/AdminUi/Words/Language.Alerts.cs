using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Alerts, their rules, and who is told. What an alert itself says stands in AlertTexts, for mail and command line, too.
internal sealed partial class Language
{
    public string AlertsWord => Pick("Alertas", "Alerts");
    public string OpenAlertsWord => Pick("Alertas em aberto", "Open alerts");
    public string OpenAlerts => Pick("Em aberto", "Open");
    public string NoOpenAlerts => Pick("Nada está em alerta.", "Nothing is alerting.");
    public string AlertWord => Pick("Alerta", "Alert");
    public string SeverityWord => Pick("Gravidade", "Severity");
    public string LookedAfterByPerson(string person) => Pick($"{person} está a tratar", $"{person} looks after it");
    public string NobodyYet => Pick("ninguém está a tratar", "nobody looks after it yet");
    public string SinceTime(string at) => Pick($"Desde {at}", $"Since {at}");
    public string FromTo(string from, string to) => Pick($"De {from} a {to}", $"From {from} to {to}");
    public string AcknowledgeWord => Pick("Tratar", "Acknowledge");
    public string AcknowledgeOf(string what) => Pick($"Tratar: {what}", $"Acknowledge: {what}");
    public string AcknowledgedDone => Pick("Fica registado que está a tratar deste alerta.", "It is noted that you look after this alert.");
    public string SilenceWord => Pick("Silenciar", "Silence");
    public string SilenceOf(string what) => Pick($"Silenciar: {what}", $"Silence: {what}");
    public string SilenceTitle(string what) => Pick($"Silenciar «{what}»", $"Silence “{what}”");
    public string SilenceEffect => Pick("O alerta continua visível aqui; ninguém recebe mensagens dele até essa hora. Se ainda estiver em aberto, é então enviado.", "The alert stays visible here; nobody gets messages of it until then. If it is still open, it is sent then.");
    public string SilenceAllOfRule => Pick("Silenciar todos os alertas deste tipo, não só este", "Silence all alerts of this kind, not only this one");
    public string ForHowLong => Pick("Durante quanto tempo", "For how long");
    public string SilenceReason => Pick("Motivo", "Reason");
    public string SilencedDone(string until) => Pick($"Silenciado até {until}.", $"Silenced until {until}.");
    public string SilencedUntil(string until) => Pick($"Silenciado até {until}", $"Silenced until {until}");
    public string SilencesWord => Pick("Silenciados", "Silences");
    public string EverythingOfRule => Pick("todos", "all");
    public string EndSilenceWord => Pick("Voltar a avisar", "End silence");
    public string EndSilenceOf(string what) => Pick($"Voltar a avisar: {what}", $"End silence: {what}");
    public string SilenceEnded => Pick("Volta a haver avisos.", "People are told again.");
    public string AlertHistory => Pick("Encerrados", "Resolved");
    public string NoAlertHistory => Pick("Ainda nenhum alerta foi encerrado.", "No alert has been resolved yet.");
    public string AlertRulesWord => Pick("Regras", "Rules");
    public string AlertRulesHint => Pick("O que é um alerta, a partir de quanto, durante quanto tempo, e com que gravidade. As mensagens vão aos canais dessa gravidade.", "What is an alert, from how much, for how long, and how grave. Messages go to the channels of that severity.");
    public string LimitWord => Pick("Limite", "Threshold");
    public string BelowLimit(string amount) => Pick($"menos de {amount}", $"below {amount}");
    public string FromLimit(string amount) => Pick($"a partir de {amount}", $"from {amount}");
    public string ForWord => Pick("Durante", "For");
    public string AtOnceWord => Pick("de imediato", "at once");
    public string OffWord => Pick("desligada", "off");
    public string ChangedWord => Pick("alterada", "changed");
    public string RuleTitle(string what) => Pick($"Regra «{what}»", $"Rule “{what}”");
    public string RuleOn => Pick("Regra ligada", "Rule on");
    public string RuleRemindHours => Pick("Repetir o aviso (horas)", "Tell again after (hours)");
    public string RuleRemindHint => Pick("Enquanto estiver em aberto e ninguém disser que trata dele. 0: avisa uma só vez.", "While it is open and nobody has said that he looks after it. 0: it is told once.");
    public string RuleForSeconds => Pick("Segundos antes de avisar", "Seconds before telling");
    public string RuleWhere => Pick("Onde vale", "Where it holds");
    public string RuleEffect => Pick("Vale na próxima leitura, dentro de segundos. Alertas em aberto que já não passam o limite são encerrados.", "It holds from the next reading, within seconds. Open alerts that no longer pass the threshold are resolved.");
    public string RuleSaved => Pick("A regra foi guardada.", "The rule was saved.");
    public string RuleResetDone => Pick("A regra voltou ao habitual.", "The rule is as usual again.");
    public string ResetWord => Pick("Repor", "Reset");
    public string ResetOf(string what) => Pick($"Repor: {what}", $"Reset: {what}");
    public string AlertChannelsWord => Pick("Canais", "Channels");
    public string AlertChannelsHint => Pick("Quem é avisado: por correio ou por um endereço web. O que falha em conjunto é uma só mensagem.", "Who is told: by mail or by a web address. What fails together is one message.");
    public string NoAlertChannels => Pick("Nenhum canal: ninguém é avisado fora desta página. Crie um e envie um teste.", "No channel: nobody is told outside this page. Create one and send a test.");
    public string AddChannel => Pick("Criar canal", "Create channel");
    public string ChannelTitle(string name) => Pick($"Mudar o canal {name}", $"Change the channel {name}");
    public string ToWord => Pick("Para", "To");
    public string LastMessage => Pick("Última mensagem", "Last message");
    public string WaitingMessages(uint n) => Count((int)n, "{0} mensagem espera", "{0} mensagens esperam", "{0} message waits", "{0} messages wait");
    public string MailWord => Pick("Correio", "Mail");
    public string WebhookWord => Pick("Endereço web (webhook)", "Web address (webhook)");
    public string FromSeverity => Pick("A partir da gravidade", "From the severity");
    public string LanguageOfMessages => Pick("Língua das mensagens", "Language of messages");
    public string ChannelOn => Pick("Canal ligado", "Channel on");
    public string MailServerWord => Pick("Servidor de correio", "Mail server");
    public string MailServerHint => Pick("Nome, ou nome:porta", "Name, or name:port");
    public string TlsFromTheStart => Pick("TLS desde o início (porta 465); senão STARTTLS", "TLS from the first byte (port 465); else STARTTLS");
    public string MailAccount => Pick("Conta", "Account");
    public string MailAccountHint => Pick("Vazia: sem iniciar sessão.", "Empty: without signing in.");
    public string MailPassword => Pick("Palavra-passe da conta", "Password of the account");
    public string SignatureKey => Pick("Chave da assinatura", "Key of the signature");
    public string KeepsSecret => Pick("Vazio: fica a que está guardada", "Empty: the saved one stays");
    public string SenderWord => Pick("Remetente", "Sender");
    public string RecipientsWord => Pick("Destinatários", "Recipients");
    public string RecipientsHint => Pick("Separados por vírgulas.", "Separated by commas.");
    public string WebhookAddress => Pick("Endereço https", "https address");
    public string AuthoritiesPem => Pick("Autoridades de confiança (PEM)", "Trusted authorities (PEM)");
    public string AuthoritiesPemHint => Pick("Vazio: as do sistema.", "Empty: the system's.");
    public string ChannelEffect => Pick("Os alertas que abrirem a partir de agora são enviados por aqui. Envie depois um teste.", "Alerts that open from now on are sent on this way. Send a test afterwards.");
    public string ChannelSaved(string name) => Pick($"O canal {name} foi guardado.", $"The channel {name} was saved.");
    public string SendTest => Pick("Enviar teste", "Send a test");
    public string SendTestOf(string name) => Pick($"Enviar teste por {name}", $"Send a test on {name}");
    public string TestSent(string name) => Pick($"O teste foi aceite por {name}.", $"{name} took the test.");
    public string TestNotSent(string name, string problem) => Pick($"O teste não foi entregue por {name}: {problem}", $"The test was not delivered on {name}: {problem}");
    public string RemoveChannelQuestion(string name) => Pick($"Eliminar o canal {name}?", $"Delete the channel {name}?");
    public string RemoveChannelTouches => Pick("As mensagens que esperam por ele perdem-se.", "Messages that wait for it are lost.");
    public string ChannelRemoved => Pick("O canal foi eliminado.", "The channel was deleted.");
    public string OpenAlertsCount(int n) => Count(n, "{0} alerta em aberto", "{0} alertas em aberto", "{0} open alert", "{0} open alerts");
    public string OfWhichCritical(int n) => n == 0 ? Pick("nenhum crítico", "none critical") : Count(n, "{0} crítico", "{0} críticos", "{0} critical", "{0} critical");

    public string NameOf(AlertRule rule) => AlertTexts.Name(rule, Culture);

    public string NameOf(AlertSeverity severity) => AlertTexts.Name(severity, Culture);

    public string Hours(int hours) => hours < 24 ? Count(hours, "{0} hora", "{0} horas", "{0} hour", "{0} hours") : Count(hours / 24, "{0} dia", "{0} dias", "{0} day", "{0} days");

    public string UnitOf(AlertUnit unit) => unit switch
    {
        AlertUnit.Seconds => Pick("segundos", "seconds"),
        AlertUnit.Hours => Pick("horas", "hours"),
        AlertUnit.Days => Pick("dias", "days"),
        AlertUnit.Machines => Pick("máquinas", "machines"),
        AlertUnit.People => Pick("pessoas", "people"),
        AlertUnit.Tries => Pick("tentativas", "tries"),
        _ => "%",
    };

    private string? AlertAction(string action) => action switch
    {
        "alert.acknowledge" => Pick("Tratou do alerta", "Acknowledged the alert"),
        "alert.silence" => Pick("Silenciou alertas", "Silenced alerts"),
        "alert.silence_end" => Pick("Voltou a deixar avisar", "Ended a silence"),
        "alert_rule.set" => Pick("Mudou a regra de alerta", "Changed the alert rule"),
        "alert_rule.reset" => Pick("Repôs a regra de alerta", "Reset the alert rule"),
        "alert_channel.add" => Pick("Criou o canal de alertas", "Created the alert channel"),
        "alert_channel.update" => Pick("Mudou o canal de alertas", "Changed the alert channel"),
        "alert_channel.remove" => Pick("Eliminou o canal de alertas", "Deleted the alert channel"),
        _ => null,
    };
}
