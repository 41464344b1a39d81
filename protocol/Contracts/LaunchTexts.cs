using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Contracts;

/// <summary>Why a launch ended as it did, in sentences for administrators: Portuguese (pt-PT) and English.</summary>
public static class LaunchTexts
{
    /// <summary>What came out of it: two or three words.</summary>
    public static string Outcome(LaunchOutcome outcome, CultureInfo culture) => outcome switch
    {
        LaunchOutcome.Waiting => Words(culture, "à espera", "waiting"),
        LaunchOutcome.Started => Words(culture, "sessão nova", "new session"),
        LaunchOutcome.Resumed => Words(culture, "sessão retomada", "session resumed"),
        LaunchOutcome.Refused => Words(culture, "recusada", "refused"),
        LaunchOutcome.GivenUp => Words(culture, "desistiu", "given up"),
        LaunchOutcome.Lost => Words(culture, "interrompida", "interrupted"),
        _ => "",
    };

    /// <summary>The whole explanation, one thought a line.</summary>
    public static IReadOnlyList<string> Explain(Launch launch, CultureInfo culture)
    {
        List<string> lines = [Rule(launch, culture)];
        if (launch.Reason is { } reason && launch.Outcome is LaunchOutcome.Refused) lines.Add(Reason(reason, culture));
        if (launch.OwnMachineName.Length > 0)
            lines.Add(Words(culture, $"A máquina própria, {launch.OwnMachineName}, estava assim: {Verdict(launch.OwnMachineVerdict, culture)}.", $"The person's own machine, {launch.OwnMachineName}, was: {Verdict(launch.OwnMachineVerdict, culture)}."));
        if (launch.LookedAt is { } looked) lines.AddRange(Look(launch, looked, culture));
        if (launch.Waits.Count > 0) lines.AddRange(Waits(launch, culture));
        lines.Add(Steps(launch, culture));
        return lines;
    }

    /// <summary>What a group of machines has in common.</summary>
    public static string Verdict(string verdict, CultureInfo culture) => verdict switch
    {
        "free" => Words(culture, "livre", "free"),
        "taken_now" => Words(culture, "atribuída neste momento", "taken at this moment"),
        "occupied" => Words(culture, "ocupada", "in use"),
        "preparing" => Words(culture, "em preparação", "being prepared"),
        "silent" => Words(culture, "o agente não responde", "agent silent"),
        "faulted" => Words(culture, "com falha", "faulted"),
        "asleep" => Words(culture, "adormecida", "asleep"),
        "deleting" => Words(culture, "a ser eliminada", "being deleted"),
        "canary" => Words(culture, "em prova de uma imagem nova", "proving a new image"),
        "draining" => Words(culture, "a esvaziar", "draining"),
        "host_draining" => Words(culture, "o anfitrião está a esvaziar ou em manutenção", "its host is draining or in maintenance"),
        "assigned" => Words(culture, "de outra pessoa", "somebody else's own"),
        _ => verdict.Replace('_', ' '),
    };

    private static string Rule(Launch launch, CultureInfo culture) => (launch.Outcome, launch.Rule) switch
    {
        (LaunchOutcome.Resumed, _) => Words(culture, $"Já havia uma sessão aberta neste conjunto, em {Machine(launch)}: uma sessão aberta ganha sempre, mesmo numa máquina a esvaziar.", $"A session was already open in this pool, on {Machine(launch)}: an open session always wins, even on a draining machine."),
        (LaunchOutcome.Started, LaunchRule.OwnMachine) => Words(culture, $"Recebeu {Machine(launch)} porque essa máquina lhe está atribuída.", $"Got {Machine(launch)} because that machine is assigned to the person."),
        (LaunchOutcome.Started, LaunchRule.EmptiestMachine) => Words(culture, $"Recebeu um lugar em {Machine(launch)}: uma das máquinas com menos pessoas, porque o conjunto distribui por largura.", $"Got a seat on {Machine(launch)}: one of the machines with the fewest people, because the pool spreads them (breadth)."),
        (LaunchOutcome.Started, LaunchRule.FullestMachine) => Words(culture, $"Recebeu um lugar em {Machine(launch)}: a máquina mais cheia que ainda tinha um lugar, porque o conjunto enche uma de cada vez.", $"Got a seat on {Machine(launch)}: the fullest machine that still had one, because the pool fills one after the other (depth)."),
        (LaunchOutcome.Started, _) => Words(culture, $"Recebeu {Machine(launch)}: uma máquina livre do conjunto, tirada à sorte entre as livres.", $"Got {Machine(launch)}: a free machine of the pool, picked at random among the free ones."),
        (LaunchOutcome.Waiting, _) => Words(culture, "Espera na fila: nenhuma máquina estava livre para esta pessoa.", "Waits in the queue: no machine was free for this person."),
        (LaunchOutcome.GivenUp, _) => Words(culture, "Ficou sem máquina: a página foi fechada, ou a ligação caiu, antes de haver uma.", "Got no machine: the page was closed, or the line broke, before there was one."),
        (LaunchOutcome.Lost, _) => Words(culture, "Ficou sem máquina: o serviço de ligações parou enquanto a pessoa esperava.", "Got no machine: the broker stopped while the person waited."),
        (LaunchOutcome.Refused, _) when launch.MachineName.Length > 0 => Words(culture, $"Ficou sem máquina: a sessão aberta está em {Machine(launch)} e não se dá outra.", $"Got no machine: the open session is on {Machine(launch)}, and no other is given."),
        _ => Words(culture, "Ficou sem máquina.", "Got no machine."),
    };

    private static string Reason(Common.V1.Reason reason, CultureInfo culture) =>
        Words(culture, $"O que foi dito à pessoa: {ReasonTexts.Sentence(reason.Code, culture)}", $"What the person was told: {ReasonTexts.Sentence(reason.Code, culture)}");

    private static IEnumerable<string> Look(Launch launch, Timestamp looked, CultureInfo culture)
    {
        var free = launch.Verdicts.FirstOrDefault(v => v.Verdict == "free")?.Machines ?? 0;
        var taken = launch.Verdicts.FirstOrDefault(v => v.Verdict == "taken_now")?.Machines ?? 0;
        var after = (looked - launch.AskedAt).ToTimeSpan().TotalMilliseconds;
        yield return Words(culture,
            $"Candidatas: {free} livres e {taken} atribuídas no mesmo momento, a esta pessoa ou a outras. Contadas {Milliseconds(after, culture)} depois do pedido.",
            $"Candidates: {free} free, and {taken} taken at the same moment, by this person or others. Counted {Milliseconds(after, culture)} after the request.");
        foreach (var group in launch.Verdicts.Where(v => v.Verdict is not ("free" or "taken_now")).OrderByDescending(v => v.Machines).ThenBy(v => v.Verdict, StringComparer.Ordinal))
            yield return Words(culture, $"Fora: {group.Machines} × {Verdict(group.Verdict, culture)} ({Names(group)}).", $"Ruled out: {group.Machines} × {Verdict(group.Verdict, culture)} ({Names(group)}).");
        if (launch.Verdicts.Count == 0) yield return Words(culture, "O conjunto não tinha máquinas.", "The pool had no machines.");
    }

    private static IEnumerable<string> Waits(Launch launch, CultureInfo culture)
    {
        foreach (var (wait, first) in launch.Waits.Count == 1 ? [(launch.Waits[0], true)] : new[] { (launch.Waits[0], true), (launch.Waits[^1], false) })
        {
            var moment = first ? Words(culture, "Na fila, primeiro", "In the queue, at first") : Words(culture, "Na fila, por fim", "In the queue, at last");
            var reason = ReasonTexts.Name(wait.Reason.Code);
            yield return wait.HasEstimatedSeconds
                ? Words(culture, $"{moment}: lugar {wait.Place}, cerca de {Seconds(wait.EstimatedSeconds, culture)}, {reason}.", $"{moment}: place {wait.Place}, about {Seconds(wait.EstimatedSeconds, culture)}, {reason}.")
                : Words(culture, $"{moment}: lugar {wait.Place}, sem estimativa, {reason}.", $"{moment}: place {wait.Place}, no estimate, {reason}.");
            yield return Words(culture, $"A estimativa veio de: {Made(wait, culture)}.", $"The estimate came from: {Made(wait, culture)}.");
        }
        if (launch.EndedAt is { } end) yield return Words(culture, $"Esperou {Seconds((end - launch.AskedAt).ToTimeSpan().TotalSeconds, culture)}.", $"Waited {Seconds((end - launch.AskedAt).ToTimeSpan().TotalSeconds, culture)}.");
    }

    private static string Made(LaunchWait wait, CultureInfo culture)
    {
        var parts = new List<string>
        {
            wait.HasTypicalStartSeconds
                ? Words(culture, $"um arranque dura {Seconds(wait.TypicalStartSeconds, culture)} (mediana)", $"a start takes {Seconds(wait.TypicalStartSeconds, culture)} (median)")
                : Words(culture, "ainda não há arranques medidos", "no start was measured yet"),
            Words(culture, $"{wait.StartAgesSeconds.Count} a arrancar", $"{wait.StartAgesSeconds.Count} starting"),
            Words(culture, $"até {wait.StartsAtOnce} ao mesmo tempo", $"up to {wait.StartsAtOnce} at once"),
            Words(culture, $"{wait.Machines} de {wait.Size} máquinas, {wait.Occupied} ocupadas", $"{wait.Machines} of {wait.Size} machines, {wait.Occupied} in use"),
        };
        if (wait.HasHeldSeconds) parts.Add(Words(culture, $"criação parada por mais {Seconds(wait.HeldSeconds, culture)}", $"creation held for {Seconds(wait.HeldSeconds, culture)} more"));
        return string.Join("; ", parts);
    }

    private static string Steps(Launch launch, CultureInfo culture) => Words(culture,
        $"Decisão: {Milliseconds(launch.DecidingMs, culture)} em {launch.Attempts} tentativa(s).", $"Deciding: {Milliseconds(launch.DecidingMs, culture)} in {launch.Attempts} attempt(s).");

    private static string Machine(Launch launch) => launch.HostName.Length > 0 ? $"{launch.MachineName} ({launch.HostName})" : launch.MachineName;

    private static string Names(LaunchVerdict group) => string.Join(", ", group.Names) + (group.Machines > group.Names.Count ? ", …" : "");

    private static string Seconds(double seconds, CultureInfo culture) => seconds < 120 ? $"{Math.Ceiling(seconds).ToString("0", culture)} s" : $"{Math.Ceiling(seconds / 60).ToString("0", culture)} min";

    private static string Milliseconds(double ms, CultureInfo culture) => $"{ms.ToString(ms < 10 ? "0.0" : "0", culture)} ms";

    private static string Words(CultureInfo culture, string pt, string en) => culture.TwoLetterISOLanguageName == "pt" ? pt : en;
}
