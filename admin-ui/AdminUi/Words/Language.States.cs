using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.AdminUi.Live;

namespace Montalegre.Vdi.AdminUi.Words;

// States, steps and codes that come from the broker.
internal sealed partial class Language
{
    public string State(MachineState state) => state switch
    {
        MachineState.Provisioning => Pick("Em preparação", "Provisioning"),
        MachineState.Available => Pick("Livre", "Available"),
        MachineState.Reserved => Pick("Reservada", "Reserved"),
        MachineState.InUse => Pick("Em uso", "In use"),
        MachineState.Unreachable => Pick("Sem resposta", "Unreachable"),
        MachineState.Faulted => Pick("Com falha", "Faulted"),
        MachineState.Asleep => Pick("Adormecida", "Asleep"),
        MachineState.Deleting => Pick("A eliminar", "Deleting"),
        _ => Unknown,
    };

    public string State(SessionState state) => state switch
    {
        SessionState.Pending => Pick("A iniciar", "Pending"),
        SessionState.Active => Pick("Ativa", "Active"),
        SessionState.Disconnected => Pick("Desligada (continua)", "Disconnected"),
        SessionState.Ended => Pick("Terminada", "Ended"),
        _ => Unknown,
    };

    public string State(PowerState power) => power switch
    {
        PowerState.On => Pick("Com energia", "Powered on"),
        PowerState.Off => Pick("Sem energia", "Powered off"),
        _ => Pick("Energia desconhecida", "Power unknown"),
    };

    public string Kind(PoolKind kind) => kind switch
    {
        PoolKind.Floating => Pick("Flutuante", "Floating"),
        PoolKind.Dedicated => Pick("Dedicado", "Dedicated"),
        PoolKind.MultiSession => Pick("Partilhado", "Multi-session"),
        PoolKind.Manual => Pick("Manual", "Manual pool"),
        _ => Unknown,
    };

    public string KindHint(PoolKind kind) => kind switch
    {
        PoolKind.Floating => Pick("qualquer máquina livre, sempre com uma cópia nova", "any free machine, always fresh"),
        PoolKind.Dedicated => Pick("cada utilizador fica com a sua máquina", "each user keeps a machine"),
        PoolKind.MultiSession => Pick("várias pessoas ao mesmo tempo em cada máquina", "several people at once on each machine"),
        _ => Pick("computadores já existentes, com o nosso agente", "computers that exist already, with our agent"),
    };

    public string EnabledWord => Pick("Ativo", "Enabled");
    public string DisabledWord => Pick("Desativado", "Disabled");
    public string ReachedWord => Pick("Ligado", "Connected");
    public string NotReachedWord => Pick("Sem ligação", "Not connected");
    public string DoneWord => Pick("Feito", "Done");
    public string RefusedWord => Pick("Recusado", "Refused");
    public string RemovedWord => Pick("Removida", "Removed");
    public string DrainingWord => Pick("Não aceita novas sessões", "Draining");
    public string TroubleWord => Pick("Com problema", "In trouble");
    public string ConnectedNow => Pick("Com ligação aberta", "Connection open");
    public string NoConnectionNow => Pick("Sem ligação aberta", "No connection open");
    public string Running => Pick("em curso", "running");

    public string Phase(string name) => name switch
    {
        "brokering" => Pick("Escolha da máquina", "Brokering"),
        "machine_start" => Pick("Arranque da máquina", "Machine start"),
        "connect" => Pick("Ligação", "Connect"),
        "authenticate" => Pick("Autenticação", "Authenticate"),
        "session_open" => Pick("Abertura da sessão", "Session open"),
        "display" => Pick("Ecrã", "Display"),
        "desktop" => Pick("Ambiente pronto", "Desktop ready"),
        _ => name,
    };

    public string Step(string step) => step switch
    {
        "" => "",
        "overlay" or "create_overlay" => Pick("criar disco", "create disk"),
        "place" => Pick("escolher outro anfitrião", "choose another host"),
        "move_live" => Pick("mudar de anfitrião com a sessão aberta", "change hosts with the session open"),
        "define" => Pick("definir no hipervisor", "define at the hypervisor"),
        "start" => Pick("arrancar", "start"),
        "stop" => Pick("parar", "stop"),
        "save" => Pick("guardar a memória", "save the memory"),
        "restore" => Pick("repor a memória", "restore the memory"),
        "shut_down" => Pick("encerrar", "shut down"),
        "magic_packet" => Pick("enviar pacotes de despertar", "send wake packets"),
        "await_agent" => Pick("esperar pelo agente", "wait for the agent"),
        "delete_overlay" => Pick("eliminar disco", "delete disk"),
        "undefine" => Pick("retirar do hipervisor", "remove from the hypervisor"),
        "copy" => Pick("copiar", "copy"),
        "done" => Pick("concluído", "finished"),
        _ => step,
    };

    public string OperationKind(string kind) => kind switch
    {
        "provision" => Pick("Preparação", "Provisioning"),
        "refresh" => Pick("Regresso ao estado inicial", "Refresh"),
        "restart" => Pick("Reinício", "Restart"),
        "delete" => Pick("Eliminação", "Deletion"),
        "move" => Pick("Mudança de anfitrião", "Change of host"),
        "publish" => Pick("Publicação", "Publication"),
        "sleep" => Pick("Adormecimento", "Going to sleep"),
        "wake" => Pick("Despertar", "Waking"),
        _ => kind,
    };

    public string OperationState(string state) => state switch
    {
        "running" => Pick("Em curso", "Running"),
        "done" => Pick("Concluída", "Finished"),
        "failed" => Pick("Falhou", "Failed"),
        "cancelled" => Pick("Cancelada", "Cancelled"),
        _ => state,
    };

    public string ImageState(string state) => state switch
    {
        "publishing" => Pick("A publicar", "Publishing"),
        "ready" => Pick("Pronta", "Ready"),
        "retired" => Pick("Retirada", "Retired"),
        "failed" => Pick("Falhou", "Failed"),
        _ => state,
    };

    public string ObjectKind(string kind) => kind switch
    {
        "session" => Pick("sessão", "session"),
        "machine" => Pick("máquina", "machine"),
        "pool" => Pick("conjunto", "pool"),
        "user" => Pick("utilizador", "user"),
        "group" => Pick("grupo", "group"),
        "role" => Pick("função", "role"),
        "directory" => Pick("diretório", "directory"),
        "api_key" => Pick("chave da API", "API key"),
        "host" => Pick("anfitrião", "host"),
        "site" => Pick("local", "site"),
        "endpoint_group" => Pick("grupo de terminais", "group of endpoints"),
        "image" or "image_version" => Pick("imagem-base", "golden image"),
        "gateway" => "gateway",
        "ticket" => Pick("bilhete", "ticket"),
        "setting" => Pick("definição", "setting"),
        "secret_key" => Pick("chave dos segredos", "key of the secrets"),
        _ => kind,
    };

    // The noun is the object, the verb what was done; an action nobody translated yet is shown by its public name.
    public string Action(string action) => action switch
    {
        "session.launch" or "launch" => Pick("Lançou sessão", "Launched a session"),
        "session.reconnect" => Pick("Voltou à sessão", "Reconnected"),
        "session.log_off" => Pick("Terminou a sessão", "Logged off"),
        "session.disconnect" => Pick("Desligou da sessão (a sessão continua)", "Disconnected"),
        "session.message" => Pick("Enviou mensagem", "Sent a message"),
        "task.cancel" => Pick("Cancelou a tarefa", "Cancelled the task"),
        "session.active" => Pick("Sessão ficou ativa", "Session became active"),
        "session.disconnected" => Pick("Sessão ficou desligada (continua)", "Session became disconnected"),
        "session.ended" => Pick("Sessão terminou", "Session ended"),
        "machine.restart" => Pick("Reiniciou a máquina", "Restarted the machine"),
        "machine.refresh" => Pick("Repôs o estado inicial", "Refreshed the machine"),
        "machine.wake" => Pick("Acordou o computador", "Woke the computer"),
        "machine.wake_address" => Pick("Mudou o endereço de despertar", "Changed the wake address"),
        "machine.drain" => Pick("Deixou de aceitar novas sessões", "Drained"),
        "machine.undrain" => Pick("Voltou a aceitar sessões", "Accepted sessions again"),
        "machine.remove" => Pick("Eliminou a máquina", "Removed the machine"),
        "machine.join" or "agent.join" => Pick("Agente aderiu", "Agent joined"),
        "machine.add" => Pick("Acrescentou a máquina", "Added the machine"),
        "pool.create" => Pick("Criou o conjunto", "Created the pool"),
        "pool.update" => Pick("Alterou o conjunto", "Changed the pool"),
        "pool.end_to_end" => Pick("Fez acabar na máquina os canais do RD Gateway", "Let RD Gateway channels end at the machine"),
        "pool.end_at_gateway" => Pick("Fez acabar na gateway os canais do RD Gateway", "Let RD Gateway channels end at the gateway"),
        _ when FeatureAction(action) is { } words => words,
        "pool.delete" => Pick("Eliminou o conjunto", "Deleted the pool"),
        "pool.entitle" or "entitlement.add" => Pick("Deu direito de acesso", "Entitled"),
        "pool.revoke" or "pool.revoke_entitlement" or "entitlement.remove" => Pick("Retirou direito de acesso", "Revoked an entitlement"),
        "ticket.redeemed" => Pick("Usou bilhete de ligação", "Redeemed a ticket"),
        "ticket.refused" => Pick("Bilhete de ligação recusado", "Ticket refused"),
        "sign_in" or "sign_in.ok" => Pick("Iniciou sessão", "Signed in"),
        "sign_in.failed" => Pick("Não conseguiu iniciar sessão", "Failed to sign in"),
        "sign_out" => Pick("Saiu", "Signed out"),
        "set_up" => Pick("Fez a primeira configuração", "Did the first set-up"),
        "user.note" => Pick("Escreveu uma nota", "Wrote a note"),
        "user.create" => Pick("Criou o utilizador", "Created the user"),
        "user.enable" or "user.enabled" => Pick("Ativou o utilizador", "Enabled the user"),
        "user.erase" => Pick("Apagou os dados da pessoa", "Erased the person's data"),
        "incident.export" => Pick("Exportou um incidente", "Exported an incident"),
        "audit.export" => Pick("Exportou o registo de auditoria", "Exported the audit record"),
        "user.disable" or "user.disabled" => Pick("Desativou o utilizador", "Disabled the user"),
        "user.set_password" or "user.password" => Pick("Mudou a palavra-passe", "Set the password"),
        "user.reset_factors" => Pick("Retirou os segundos fatores", "Took the second factors away"),
        "factor.add" => Pick("Adicionou um segundo fator", "Added a second factor"),
        "factor.remove" => Pick("Removeu um segundo fator", "Removed a second factor"),
        "factor.recovery_codes" => Pick("Criou códigos de recuperação", "Made recovery codes"),
        "host.add" => Pick("Acrescentou o anfitrião", "Added the host"),
        "host.remove" => Pick("Retirou o anfitrião", "Removed the host"),
        "host.fence" => Pick("Confirmou que o anfitrião está desligado", "Confirmed that the host is switched off"),
        "host.returned" => Pick("O anfitrião voltou e está limpo", "The host is back and clean"),
        "host.storage" => Pick("Mudou o armazenamento do anfitrião", "Changed the storage of the host"),
        "host.state" => Pick("Mudou o estado do anfitrião", "Changed the state of the host"),
        "machine.moved" => Pick("Mudou de anfitrião com a sessão aberta", "Changed hosts with the session open"),
        "machine.leave_host" => Pick("Saiu de um anfitrião perdido", "Left a lost host"),
        "host.test" => Pick("Testou a ligação a um anfitrião", "Tested the connection to a host"),
        "image.retire" => Pick("Retirou a versão de imagem", "Retired the image version"),
        "image.publish" => Pick("Publicou a imagem-base", "Published the image"),
        "gateway.token" => Pick("Criou código de adesão", "Made a join token"),
        "gateway.join" => Pick("Gateway aderiu", "Gateway joined"),
        _ => AssistanceAction(action) ?? RulesAction(action) ?? RolloutAction(action) ?? CalendarAction(action) ?? RoleAction(action) ?? DirectoryAction(action) ?? ProviderAction(action) ?? KeyAction(action) ?? EmergencyAction(action) ?? AlertAction(action) ?? SettingAction(action) ?? SiteAction(action) ?? EndpointAction(action) ?? action,
    };

    public string EndReason(string reason) => reason switch
    {
        "log_off" or "logged_off" => Pick("terminada pelo utilizador ou por um administrador", "logged off"),
        "disconnected_too_long" => Pick("esteve desligada demasiado tempo", "disconnected for too long"),
        "never_logged_on" => Pick("ninguém iniciou sessão a tempo", "nobody logged on in time"),
        "machine_lost" => Pick("a máquina deixou de responder", "the machine was lost"),
        "launch_timed_out" => Pick("a máquina não ficou pronta a tempo", "the machine was not ready in time"),
        _ => BrokerRefusal.Parse(reason.ToUpperInvariant()) is { } code ? ReasonTexts.Sentence(code, Culture) : reason,
    };

    public string RelayEnd(string end) => end.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant() switch
    {
        "CLIENTCLOSED" => Pick("o cliente saiu", "client closed"),
        "MACHINECLOSED" => Pick("a máquina fechou", "machine closed"),
        "TICKETREVOKED" => Pick("desligada por ordem", "revoked"),
        "CARDREMOVED" => Pick("o cartão foi retirado", "the card was taken out"),
        "LOCKFAILED" => Pick("não foi possível bloquear", "could not be locked"),
        "IDLETIMEOUT" => Pick("sem atividade", "idle"),
        "GATEWAYSTOPPING" => Pick("a gateway parou", "gateway stopped"),
        _ => end,
    };

    public string OutcomeDetail(string outcome, string reference)
    {
        if (outcome is "ok" or "") return "";
        var sentence = BrokerRefusal.Parse(outcome) is { } code ? ReasonTexts.Sentence(code, Culture) : outcome;
        return reference.Length > 0 ? $"{sentence} · {reference}" : sentence;
    }

    public string Since(Timestamp? at) => at is null ? "" : Pick($"desde {Moment(at)}", $"since {Moment(at)}");
    public string LastSeen(Timestamp? at) => at is null ? "" : Pick($"· visto {Moment(at)}", $"· seen {Moment(at)}");
    public string OrUnknown(string value) => value.Length > 0 ? value : Unknown;
}
