using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// What holds for the sessions of a pool.
internal sealed partial class Language
{
    public string RulesWord => Pick("Regras das sessões", "Session rules");
    public string ChangeRules => Pick("Mudar regras das sessões", "Change session rules");
    public string ChangeRulesTitle(string pool) => Pick($"Regras das sessões de {pool}", $"Session rules of {pool}");
    public string IdleTimeoutWord => Pick("Sem atividade", "Idle");
    public string DisconnectedWord => Pick("Desligada", "Disconnected");
    public string EmptyWord => Pick("Por usar", "Unused");
    public string NeverHint => Pick("minutos; 0: nunca", "minutes; 0: never");
    public string LogOffActionWord => Pick("Ao terminar a sessão", "At logoff");
    public string LogOffActionOf(LogOffAction action) => action switch
    {
        LogOffAction.Delete => Pick("A máquina é eliminada e feita de novo quando faz falta", "The machine is deleted, and made anew when one is wanted"),
        LogOffAction.Keep => Pick("A máquina fica como está", "The machine stays as it is"),
        _ => Pick("A máquina volta ao estado inicial", "The machine is refreshed"),
    };
    public string KeepsAtLogOff => Pick("Ao terminar a sessão a máquina fica como está.", "At logoff the machine stays as it is.");

    public string WayInWord => Pick("Ligar primeiro", "Connect first");
    public string WayInOf(WayIn way) => way == WayIn.Browser ? Pick("No navegador", "In the browser") : Pick("Com um programa (RDP)", "With a client (RDP)");
    public string MostSessionsWord => Pick("Máximo de sessões", "Most sessions");
    public string MostSessionsRule(uint most) => most == 0
        ? Pick("Podem estar abertas tantas sessões quantas as máquinas permitirem.", "As many sessions may be open as the machines allow.")
        : Count((int)most, "No máximo {0} sessão aberta ao mesmo tempo; quem vem a mais espera na fila.", "No máximo {0} sessões abertas ao mesmo tempo; quem vem a mais espera na fila.", "At most {0} session open at once; whoever comes beyond waits in the queue.", "At most {0} sessions open at once; whoever comes beyond waits in the queue.");
    public string MessageOfTheDayWord => Pick("Mensagem do dia", "Message of the day");
    public string MessageOfTheDayHint => Pick("No ecrã depois de entrar, e no portal", "On screen after log-on, and on the portal");
    public string QuotaWord => Pick("Sessões ao mesmo tempo", "Sessions at once");
    public string ChangeQuota => Pick("Mudar quota de sessões", "Change session quota");
    public string QuotaTitle(string? user) => user is null ? Pick("Quota de sessões de cada pessoa", "Session quota of every person") : Pick($"Quota de sessões de {user}", $"Session quota of {user}");
    public string QuotaAsEverybody => Pick("Como todos", "As everybody");
    public string QuotaOwn => Pick("Número próprio", "A number of one's own");
    public string QuotaOf(uint most) => most == 0 ? Pick("Sem limite", "Any number") : $"{most}";
    public string QuotaEffect => Pick("Vale para as próximas sessões; as abertas continuam. Quem chegar ao limite é convidado a terminar uma das suas.", "It holds for the next sessions; open ones go on. Whoever reaches the limit is asked to end one of his.");
    public string QuotaSaved => Pick("A quota foi mudada.", "The quota was changed.");

    public string IdleRule(uint minutes) => minutes == 0
        ? Pick("Ninguém é desligado por falta de atividade.", "Nobody is disconnected for being idle.")
        : Pick($"Ao fim de {Minutes(minutes)} sem atividade a pessoa é avisada no ecrã e depois desligada; a sessão continua.", $"After {Minutes(minutes)} without activity the person is warned on screen, then disconnected; the session goes on.");
    public string DisconnectedRule(uint minutes) => minutes == 0
        ? Pick("Uma sessão desligada fica até alguém a terminar.", "A disconnected session stays until somebody logs it off.")
        : Pick($"Uma sessão desligada há {Minutes(minutes)} é terminada; o que não foi guardado perde-se.", $"A session disconnected for {Minutes(minutes)} is logged off; what was not saved is lost.");
    public string EmptyRule(uint minutes) => minutes == 0
        ? Pick("Uma reserva que ninguém usa fica até alguém a libertar.", "A reservation that nobody uses stays until somebody gives it back.")
        : Pick($"Uma reserva que ninguém usa é libertada ao fim de {Minutes(minutes)}.", $"A reservation that nobody uses is given back after {Minutes(minutes)}.");

    public IReadOnlyList<string> RulesEffects(SessionRules changes, int sessions)
    {
        List<string> effects = [];
        if (changes.HasIdleMinutes) effects.Add(IdleRule(changes.IdleMinutes));
        if (changes.HasDisconnectedMinutes) effects.Add(DisconnectedRule(changes.DisconnectedMinutes));
        if (changes.HasEmptyMinutes) effects.Add(EmptyRule(changes.EmptyMinutes));
        if (changes.LogOffAction != LogOffAction.Unspecified) effects.Add($"{LogOffActionWord}: {LogOffActionOf(changes.LogOffAction)}.");
        if (changes.HasMessageOfTheDay) effects.Add($"{MessageOfTheDayWord}: {(changes.MessageOfTheDay.Length > 0 ? changes.MessageOfTheDay : "—")}");
        if (changes.WayIn != WayIn.Unspecified) effects.Add($"{WayInWord}: {WayInOf(changes.WayIn)}.");
        if (changes.HasMostSessions) effects.Add(MostSessionsRule(changes.MostSessions));
        if (changes.CardRemoval != CardRemoval.Unspecified) effects.Add($"{CardRemovalWord}: {CardRemovalOf(changes.CardRemoval)}.");
        if (changes.RightLost != RightLost.Unspecified) effects.Add($"{RightLostWord}: {RightLostOf(changes.RightLost)}.");
        if (sessions > 0) effects.Add(Count(sessions, "Vale já para {0} sessão aberta.", "Vale já para {0} sessões abertas.", "It holds at once for {0} open session.", "It holds at once for {0} open sessions."));
        return effects;
    }

    public string OwnOf => Pick("Máquina própria de", "Own machine of");
    public string OwnMachines => Pick("Máquinas próprias", "Own machines");
    public string OrphanedWord => Pick("órfã: a pessoa está desativada ou já não tem direito", "orphaned: the person is disabled or not entitled any more");
    public string Assign => Pick("Atribuir a uma pessoa", "Assign to a person");
    public string AssignTitle(string machine) => Pick($"Atribuir {machine}", $"Assign {machine}");
    public string AssignEffect => Pick("A pessoa passa a entrar sempre nesta máquina, e mais ninguém entra nela.", "The person will always get this machine, and nobody else gets it.");
    public string AssignDone(string machine, string user) => Pick($"{machine} foi atribuída a {user}.", $"{machine} was assigned to {user}.");
    public string Unassign => Pick("Retirar à pessoa", "Take back from the person");
    public string UnassignQuestion(string machine, string user) => Pick($"Retirar {machine} a {user}?", $"Take {machine} back from {user}?");
    public string UnassignTouches(string user) => Pick($"A máquina volta ao estado inicial: tudo o que {user} lá guardou perde-se.", $"The machine is refreshed: everything that {user} kept on it is lost.");
    public string UnassignDone(string machine) => Pick($"{machine} volta ao estado inicial e fica livre.", $"{machine} is being refreshed and will be free.");

    private string Minutes(uint minutes) => Count((int)minutes, "{0} minuto", "{0} minutos", "{0} minute", "{0} minutes");

    private string? RulesAction(string action) => action switch
    {
        "pool.session_rules" => Pick("Mudou as regras das sessões", "Changed the session rules"),
        "machine.assign" => Pick("Atribuiu a máquina a uma pessoa", "Assigned the machine to a person"),
        "machine.unassign" => Pick("Retirou a máquina à pessoa", "Took the machine back from its person"),
        "quota.set" => Pick("Mudou a quota de sessões de todos", "Changed everybody's session quota"),
        "user.quota" => Pick("Mudou a quota de sessões", "Changed the session quota"),
        "pool.entitle_group" => Pick("Deu direito de acesso a um grupo", "Entitled a group"),
        "pool.revoke_group" => Pick("Retirou direito de acesso a um grupo", "Revoked a group's entitlement"),
        "group.create" => Pick("Criou o grupo", "Created the group"),
        "group.update" => Pick("Alterou o grupo", "Changed the group"),
        "group.delete" => Pick("Eliminou o grupo", "Deleted the group"),
        "group.add_member" => Pick("Pôs uma pessoa no grupo", "Put a person into the group"),
        "group.remove_member" => Pick("Tirou uma pessoa do grupo", "Took a person out of the group"),
        "session.card_removed" => Pick("Fechou a ligação porque o cartão foi retirado", "Closed the connection because the card was taken out"),
        "session.locked" => Pick("Bloqueou o ambiente de trabalho porque o cartão foi retirado", "Locked the desktop because the card was taken out"),
        "session.unlocked" => Pick("Desbloqueou o ambiente de trabalho: a pessoa entrou de novo", "Unlocked the desktop: the person has signed in again"),
        "session.lock_failed" => Pick("Não conseguiu bloquear e desligou (a sessão continua)", "Could not lock, and disconnected (the session stays)"),
        "session.lock_lost" => Pick("O bloqueio terminou por si e a máquina desligou (a sessão continua)", "The lock ended by itself, and the machine disconnected (the session stays)"),
        "session.program" => Pick("Abriu outra aplicação na sessão", "Opened a further application in the session"),
        "session.right_lost" => Pick("Terminou a sessão de quem perdeu o direito de acesso", "Logged off somebody who lost the entitlement"),
        "session.start" => Pick("Abriu sessão", "Opened a session"),
        "session.logon" => Pick("Sessão iniciada na máquina", "Logged on to the machine"),
        "session.reconnected" => Pick("Sessão voltou a ficar ligada", "Session was connected again"),
        "session.end" => Pick("Sessão terminou", "Session ended"),
        "session.idle_warned" => Pick("Avisou de que não há atividade", "Warned of being idle"),
        "session.idle_timeout" => Pick("Desligou por falta de atividade (a sessão continua)", "Disconnected for being idle"),
        "session.disconnected_timeout" => Pick("Terminou a sessão desligada há demasiado tempo", "Logged off after being disconnected too long"),
        _ => null,
    };
}
