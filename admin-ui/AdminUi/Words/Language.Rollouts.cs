using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Moving a pool to another image version.
internal sealed partial class Language
{
    public string RolloutWord => Pick("Publicação de imagem", "Image roll-out");
    public string RolloutsWord => Pick("Publicações de imagem", "Image roll-outs");
    public string NoRollouts => Pick("Ainda não foi publicada outra versão neste conjunto.", "No other version has been published to this pool yet.");
    public string PublishToPool => Pick("Publicar no conjunto", "Publish to pool");
    public string PublishToPoolTitle(string pool) => pool.Length > 0 ? Pick($"Publicar outra versão em {pool}", $"Publish another version to {pool}") : Pick("Publicar no conjunto", "Publish to pool");
    public string CanaryCount => Pick("Máquinas que provam a versão", "Machines that prove the version");
    public string WaveShare => Pick("Mudam de cada vez (%)", "Changing at a time (%)");
    public string KeepReadyWord => Pick("Máquinas sempre prontas", "Machines always ready");
    public string SlowdownWord => Pick("Início mais lento até (%)", "Log-on slower up to (%)");
    public string ForceWord => Pick("Terminar as sessões que restarem a uma hora marcada", "End the sessions that are left at a set time");
    public string ForceAtWord => Pick("Às", "At");
    public string WarnMinutesWord => Pick("Avisar quantos minutos antes", "Warn how many minutes before");
    public string WrongForceAt => Pick("Escolha uma hora que ainda venha.", "Choose a time to come.");
    public string NothingToPublish => Pick("Não há outra versão pronta para publicar. Publique primeiro uma imagem.", "There is no other version ready. Publish an image first.");
    public string RolloutEffectCanary(int canaries, string image) => Pick(
        $"{canaries} {(canaries == 1 ? "máquina livre passa" : "máquinas livres passam")} primeiro a {image}; ninguém {(canaries == 1 ? "a" : "as")} recebe antes de um início de sessão de teste correr bem.",
        $"{canaries} free {(canaries == 1 ? "machine changes" : "machines change")} to {image} first; nobody gets {(canaries == 1 ? "it" : "them")} before a test log-on went well.");
    public string RolloutEffectRest(int free, int used) => Pick(
        $"Depois seguem as restantes: hoje {free} {(free == 1 ? "livre" : "livres")}; {used} em uso {(used == 1 ? "muda" : "mudam")} quando a sessão terminar.",
        $"Then the others follow: {free} free today; {used} in use {(used == 1 ? "changes" : "change")} at log-off.");
    public string RolloutEffectPersonal => Pick("Máquinas atribuídas a uma pessoa ficam como estão.", "Machines assigned to a person stay as they are.");
    public string RolloutEffectBack => Pick("Se algo falhar, para e volta sozinha à versão anterior.", "If anything fails, it stops and goes back by itself.");
    public string RolloutEffectForce(int sessions, string at) => Pick(
        $"Às {at} as sessões que restarem nas máquinas antigas são terminadas: agora são {sessions}. As pessoas são avisadas antes.",
        $"At {at} sessions left on old machines are ended: {sessions} right now. People are warned before.");
    public string RolloutStarted(string pool) => Pick($"A publicação em {pool} começou.", $"The roll-out to {pool} has begun.");
    public string HaltRollout => Pick("Parar", "Halt");
    public string HaltQuestion(string pool) => Pick($"Parar a publicação em {pool}?", $"Halt the roll-out to {pool}?");
    public string HaltTouches => Pick("Nada mais muda até a continuar ou reverter.", "Nothing more changes until you resume it or roll it back.");
    public string ResumeRollout => Pick("Continuar", "Resume");
    public string ResumeQuestion(string pool, string image) => Pick($"Continuar a publicação de {image} em {pool}?", $"Go on with the roll-out of {image} to {pool}?");
    public string ResumedDone => Pick("A publicação continua.", "The roll-out goes on.");

    public IReadOnlyList<string> ResumeTouches(Rollout rollout)
    {
        var free = (int)(rollout.MachinesOld - Math.Min(rollout.MachinesOld, rollout.InUseOld));
        List<string> lines = rollout.HaltedIn == RolloutState.Waves
            ? [RolloutEffectRest(free, (int)rollout.InUseOld)]
            : [RolloutEffectCanary((int)rollout.Canaries, rollout.ToName), RolloutEffectRest(free, (int)rollout.InUseOld)];
        lines.Add(Pick($"Ficam sempre {rollout.KeepReady} prontas.", $"{rollout.KeepReady} always stay ready."));
        if (rollout.ForceAt is not null) lines.Add(Pick(
            $"As sessões que restarem são terminadas às {Moment(rollout.ForceAt)}, ou mais tarde: as pessoas são avisadas de novo {rollout.WarnMinutes} minutos antes.",
            $"Sessions that are left end at {Moment(rollout.ForceAt)}, or later: people are warned again {rollout.WarnMinutes} minutes before."));
        lines.Add(RolloutEffectBack);
        return lines;
    }

    public string RollBackWord => Pick("Voltar à versão anterior", "Roll back");
    public string RollBackQuestion(string pool, string image) => Pick($"Voltar a {image} em {pool}?", $"Go back to {image} in {pool}?");
    public string RollBackTouches(int machines) => Pick(
        $"{machines} {(machines == 1 ? "máquina nova volta" : "máquinas novas voltam")} à versão anterior; as que estão em uso, quando a sessão terminar.",
        $"{machines} new {(machines == 1 ? "machine goes" : "machines go")} back to the old version; used ones at log-off.");
    public string RollingBackDone => Pick("A publicação está a ser revertida.", "The roll-out is going back.");
    public string HaltedDone => Pick("A publicação parou.", "The roll-out is halted.");
    public string OldMachines => Pick("Com a versão anterior", "On the old version");
    public string NewMachines => Pick("Com a nova versão", "On the new version");
    public string InUseOldWord => Pick("Destas, em uso", "Of these, in use");
    public string ReadyWord => Pick("Prontas (mínimo)", "Ready (minimum)");
    public string PersonalWord => Pick("Pessoais, não mudam", "Personal, do not change");
    public string LogOnBefore => Pick("Início de sessão antes", "Log-on before");
    public string LogOnNow => Pick("Início de sessão com a nova", "Log-on on the new one");
    public string NothingToCompare => Pick("sem dados", "no data");
    public string Longest(string seconds) => Pick($"até {seconds}", $"up to {seconds}");
    public string TestLogOns => Pick("Inícios de sessão de teste", "Test log-ons");
    public string NoTestLogOns => Pick("Ainda nenhum. Começam quando a primeira máquina estiver pronta.", "None yet. They begin when the first machine is up.");
    public string AskedByWord => Pick("Pedida por", "Asked for by");
    public string ForceAtFact => Pick("Sessões terminam às", "Sessions end at");
    public string NoForce => Pick("ao terminar a sessão, sem hora marcada", "at log-off, no set time");

    public string State(RolloutState state) => state switch
    {
        RolloutState.Canary => Pick("A preparar as primeiras", "Making the first ones"),
        RolloutState.Proving => Pick("A provar", "Proving"),
        RolloutState.Waves => Pick("A mudar as restantes", "Changing the others"),
        RolloutState.Halted => Pick("Parada", "Halted"),
        RolloutState.RollingBack => Pick("A reverter", "Going back"),
        RolloutState.Done => Pick("Concluída", "Done"),
        RolloutState.RolledBack => Pick("Revertida", "Rolled back"),
        _ => "–",
    };

    private string? RolloutAction(string action) => action switch
    {
        "rollout.start" => Pick("Começou a publicar uma imagem", "Started an image roll-out"),
        "rollout.halt" => Pick("Parou a publicação da imagem", "Halted the image roll-out"),
        "rollout.resume" => Pick("Continuou a publicação da imagem", "Resumed the image roll-out"),
        "rollout.rollback" => Pick("Mandou voltar à versão anterior", "Had the image roll-out taken back"),
        "rollout.canary" => Pick("Publicação: prepara as primeiras máquinas", "Roll-out: making the first machines"),
        "rollout.proving" => Pick("Publicação: prova a versão nova", "Roll-out: proving the new version"),
        "rollout.waves" => Pick("Publicação: muda as restantes máquinas", "Roll-out: changing the other machines"),
        "rollout.rolling_back" => Pick("Publicação: volta à versão anterior", "Roll-out: going back"),
        "rollout.done" => Pick("Publicação concluída", "Roll-out done"),
        "rollout.rolled_back" => Pick("Publicação revertida", "Roll-out taken back"),
        _ => null,
    };

    public string ProbeState(string state) => state switch
    {
        "asked" => Pick("à espera de gateway", "waiting for a gateway"),
        "running" => Pick("a iniciar sessão", "logging on"),
        "shown" => Pick("imagem recebida", "picture received"),
        "passed" => Pick("correu bem", "passed"),
        "failed" => Pick("falhou", "failed"),
        _ => Pick("perdido, repete-se", "lost, is repeated"),
    };
}
