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
        if (sessions > 0) effects.Add(Count(sessions, "Vale já para {0} sessão aberta.", "Vale já para {0} sessões abertas.", "It holds at once for {0} open session.", "It holds at once for {0} open sessions."));
        return effects;
    }

    private string Minutes(uint minutes) => Count((int)minutes, "{0} minuto", "{0} minutos", "{0} minute", "{0} minutes");

    private string? RulesAction(string action) => action switch
    {
        "pool.session_rules" => Pick("Mudou as regras das sessões", "Changed the session rules"),
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
