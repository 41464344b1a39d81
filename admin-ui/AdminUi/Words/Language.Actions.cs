namespace Montalegre.Vdi.AdminUi.Words;

// What an action is called, what it says before it acts, and how it ended.
internal sealed partial class Language
{
    public string AffectsNobody => Pick("Ninguém é afetado agora.", "Nobody is affected now.");
    public string AffectsUser(string user) => Pick($"Pessoa afetada: {user}.", $"Person affected: {user}.");
    public string CannotUndo => Pick("Não se pode anular.", "This cannot be undone.");

    public string LogOff => Pick("Terminar sessão", "Log off");
    public string LogOffQuestion(string user) => Pick($"Terminar a sessão de {user}?", $"Log off {user}?");
    public string LogOffTouches(string machine) => Pick($"A sessão na máquina {machine} termina e os programas fecham.", $"The session on {machine} ends and its programs close.");
    public string LogOffLoses => Pick("O trabalho não guardado perde-se.", "Work that was not saved is lost.");
    public string LogOffDone(string user) => Pick($"Pedido aceite: a sessão de {user} está a terminar.", $"Accepted: the session of {user} is being logged off.");
    public string Disconnect => Pick("Desligar da sessão (a sessão continua)", "Disconnect (the session stays)");
    public string DisconnectQuestion(string user) => Pick($"Desligar {user} da sessão?", $"Disconnect {user}?");
    public string DisconnectTouches(string machine) => Pick($"A ligação fecha-se; a sessão continua na máquina {machine} e pode ser retomada de qualquer equipamento.", $"The connection closes; the session stays on {machine} and can be joined again from any endpoint.");
    public string DisconnectDone(string user) => Pick($"A ligação de {user} foi desligada. A sessão continua.", $"{user} was disconnected. The session stays.");
    public string SendMessage => Pick("Enviar mensagem", "Send a message");
    public string MessageTo(string user) => Pick($"Mensagem para {user}", $"Message to {user}");
    public string MessageTitle => Pick("Título", "Heading");
    public string MessageText => Pick("Texto", "Text");
    public string MessageDefaultTitle => Pick("Equipa de informática", "IT team");
    public string MessageDone(string user) => Pick($"A mensagem foi enviada a {user}.", $"The message was sent to {user}.");
    public string ToMachine(string machine) => Pick($"Máquina {machine}", $"Machine {machine}");

    public string Restart => Pick("Reiniciar", "Restart");
    public string RestartQuestion(string machine) => Pick($"Reiniciar {machine}?", $"Restart {machine}?");
    public string RestartTouches => Pick("A máquina reinicia; as sessões abertas nela terminam e o trabalho não guardado perde-se.", "The machine restarts; open sessions on it end and unsaved work is lost.");
    public string RestartDone(string machine) => Pick($"Pedido aceite: {machine} vai reiniciar.", $"Accepted: {machine} will restart.");
    public string Refresh => Pick("Repor estado inicial", "Refresh");
    public string RefreshQuestion(string machine) => Pick($"Repor o estado inicial de {machine}?", $"Refresh {machine}?");
    public string RefreshTouches => Pick("Tudo o que está no disco da máquina desde a imagem-base é eliminado; as sessões abertas nela terminam.", "Everything on the machine's disk since the golden image is thrown away; open sessions on it end.");
    public string RefreshDone(string machine) => Pick($"Pedido aceite: {machine} está a voltar ao estado inicial.", $"Accepted: {machine} is being refreshed.");
    public string Drain => Pick("Não aceitar novas sessões", "Drain");
    public string DrainQuestion(string machine) => Pick($"Deixar de aceitar novas sessões em {machine}?", $"Drain {machine}?");
    public string DrainTouches => Pick("A máquina deixa de ser oferecida; a sessão que lá estiver continua e pode ser retomada.", "The machine is no longer offered; a session on it goes on and may reconnect.");
    public string DrainDone(string machine) => Pick($"{machine} já não aceita novas sessões.", $"{machine} takes no new sessions.");
    public string AcceptSessions => Pick("Voltar a aceitar sessões", "Accept sessions again");
    public string AcceptQuestion(string machine) => Pick($"Voltar a aceitar sessões em {machine}?", $"Accept sessions on {machine} again?");
    public string AcceptTouches => Pick("A máquina volta a ser oferecida a novos utilizadores.", "The machine is offered to new users again.");
    public string AcceptDone(string machine) => Pick($"{machine} volta a aceitar sessões.", $"{machine} takes sessions again.");
    public string RemoveMachine => Pick("Eliminar máquina", "Remove machine");
    public string RemoveQuestion(string machine) => Pick($"Eliminar {machine}?", $"Remove {machine}?");
    public string RemoveTouches => Pick("A máquina e o seu disco são eliminados; o conjunto cria outra se ficar abaixo do tamanho pedido.", "The machine and its disk are deleted; the pool makes another if it falls below its size.");
    public string RemoveManualTouches => Pick("A máquina sai do conjunto; o computador e os seus dados ficam como estão.", "The machine leaves the pool; the computer and its data stay as they are.");
    public string RemoveDone(string machine) => Pick($"Pedido aceite: {machine} está a ser eliminada.", $"Accepted: {machine} is being removed.");

    public string CreatePool => Pick("Criar conjunto", "Create pool");
    public string PoolCreated(string pool) => Pick($"O conjunto {pool} foi criado e as máquinas estão a ser preparadas.", $"The pool {pool} was created and its machines are being prepared.");
    public string ManualPoolCreated(string pool) => Pick($"O conjunto {pool} foi criado. Acrescente-lhe computadores.", $"The pool {pool} was created. Add computers to it.");
    public string NeedsImageAndHost => Pick("É preciso uma imagem-base pronta e um anfitrião. Um conjunto manual não precisa deles.", "A ready golden image and a host are needed. A manual pool needs neither.");
    public string ChangeSize => Pick("Mudar tamanho e anfitriões", "Change size and hosts");
    public string ResizeQuestion(string pool) => Pick($"Tamanho e anfitriões de {pool}", $"Size and hosts of {pool}");
    public string ResizeEffect(int from, int to) => to == from
        ? Pick("O tamanho fica como está.", "The size stays as it is.")
        : to > from
            ? Count(to - from, "Vai ser criada {0} máquina.", "Vão ser criadas {0} máquinas.", "{0} machine will be made.", "{0} machines will be made.")
            : Count(from - to, "Vai ser eliminada {0} máquina livre. As sessões abertas continuam.", "Vão ser eliminadas {0} máquinas, primeiro as livres. As sessões abertas continuam.", "{0} free machine will be deleted. Open sessions go on.", "{0} machines will be deleted, free ones first. Open sessions go on.");
    public string SizeChanged(string pool, int size) => Pick($"O conjunto {pool} passa a ter {size} máquinas.", $"The pool {pool} will have {size} machines.");
    public string EnablePool => Pick("Ativar conjunto", "Enable pool");
    public string DisablePool => Pick("Desativar conjunto", "Disable pool");
    public string EnableQuestion(string name) => Pick($"Ativar {name}?", $"Enable {name}?");
    public string DisableQuestion(string name) => Pick($"Desativar {name}?", $"Disable {name}?");
    public string EnableTouches => Pick("Quem tem direito de acesso volta a poder iniciar sessões.", "Those entitled can launch again.");
    public string DisableTouches => Pick("Ninguém pode iniciar novas sessões neste conjunto.", "Nobody can launch new sessions in this pool.");
    public string OpenSessionsGoOn(int n) => Count(n, "{0} sessão aberta continua.", "{0} sessões abertas continuam.", "{0} open session goes on.", "{0} open sessions go on.");
    public string PoolEnabled(string pool) => Pick($"O conjunto {pool} está ativo.", $"The pool {pool} is enabled.");
    public string PoolDisabled(string pool) => Pick($"O conjunto {pool} está desativado.", $"The pool {pool} is disabled.");
    public string DeletePool => Pick("Eliminar conjunto", "Delete pool");
    public string DeletePoolQuestion(string pool) => Pick($"Eliminar o conjunto {pool}?", $"Delete the pool {pool}?");
    public string DeletePoolTouches(int machines) => Count(machines, "{0} máquina e o seu disco são eliminados.", "{0} máquinas e os seus discos são eliminados.", "{0} machine and its disk are deleted.", "{0} machines and their disks are deleted.");
    public string DeleteManualPoolTouches(int machines) => Count(machines, "{0} computador sai do conjunto e fica como está.", "{0} computadores saem do conjunto e ficam como estão.", "{0} computer leaves the pool and stays as it is.", "{0} computers leave the pool and stay as they are.");
    public string DeletePoolSessions(int n) => n == 0
        ? Pick("Não há sessões abertas.", "There are no open sessions.")
        : Count(n, "Há {0} sessão aberta: é preciso terminá-la primeiro.", "Há {0} sessões abertas: é preciso terminá-las primeiro.", "{0} session is open: it has to end first.", "{0} sessions are open: they have to end first.");
    public string DeletePoolRights(int users) => Count(users, "{0} utilizador perde o direito de acesso.", "{0} utilizadores perdem o direito de acesso.", "{0} user loses the entitlement.", "{0} users lose the entitlement.");
    public string PoolDeleted(string pool) => Pick($"O conjunto {pool} está a ser eliminado.", $"The pool {pool} is being deleted.");
    public string ItsMachines => Pick("Máquinas do conjunto", "Machines of the pool");
    public string ItsSessions => Pick("Sessões do conjunto", "Sessions of the pool");
    public string Entitled => Pick("Direitos de acesso", "Entitlements");
    public string NobodyEntitled => Pick("Ninguém tem direito de acesso.", "Nobody is entitled.");
    public string Entitle => Pick("Dar acesso", "Entitle");
    public string EntitledDone(string user) => Pick($"{user} tem agora direito de acesso.", $"{user} is now entitled.");
    public string Revoke => Pick("Retirar acesso", "Revoke");
    public string RevokeOf(string user) => Pick($"Retirar acesso a {user}", $"Revoke the entitlement of {user}");
    public string RevokeQuestion(string user, string pool) => Pick($"Retirar a {user} o acesso a {pool}?", $"Revoke the entitlement of {user} to {pool}?");
    public string RevokeTouches => Pick("A pessoa deixa de ver este ambiente de trabalho no portal.", "The person no longer sees this desktop in the portal.");
    public string RevokedDone(string user) => Pick($"{user} deixou de ter direito de acesso.", $"{user} is no longer entitled.");

    public string ResetFactors => Pick("Retirar segundo fator", "Take second factor away");
    public string ResetFactorsQuestion(string name) => Pick($"Retirar o segundo fator de {name}?", $"Take the second factor of {name} away?");
    public string ResetFactorsTouches => Pick("Os inícios de sessão terminam; no próximo basta a palavra-passe.", "All sign-ins end; for the next one the password is enough.");
    public string ResetFactorsEnrols => Pick("Os inícios de sessão terminam; no próximo é adicionado outro segundo fator.", "All sign-ins end; the next one adds another second factor.");
    public string ResetFactorsDone(string user) => Pick($"O segundo fator de {user} foi retirado.", $"The second factor of {user} was taken away.");

    public string CreateUser => Pick("Criar utilizador", "Create user");
    public string UserCreated(string user) => Pick($"O utilizador {user} foi criado.", $"The user {user} was created.");
    public string EnableUser => Pick("Ativar utilizador", "Enable user");
    public string DisableUser => Pick("Desativar utilizador", "Disable user");
    public string EnableUserTouches => Pick("A pessoa volta a poder iniciar sessão.", "The person can sign in again.");
    public string DisableUserTouches => Pick("A pessoa deixa de poder iniciar sessão no portal e na consola.", "The person can no longer sign in to the portal or the console.");
    public string UserEnabled(string user) => Pick($"{user} está ativo.", $"{user} is enabled.");
    public string UserDisabled(string user) => Pick($"{user} está desativado.", $"{user} is disabled.");
}
