using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Names of things and columns, and what empty pages say.
internal sealed partial class Language
{
    public string NameWord => Pick("Nome", "Name");
    public string DescriptionWord => Pick("Descrição", "Description");
    public string StateWord => Pick("Estado", "State");
    public string UserWord => Pick("Utilizador", "User");
    public string PoolWord => Pick("Conjunto", "Pool");
    public string MachineWord => Pick("Máquina", "Machine");
    public string SessionWord => Pick("Sessão", "Session");
    public string SessionOf(string user) => Pick($"Sessão de {user}", $"Session of {user}");
    public string AgentWord => Pick("Agente", "Agent");
    public string HostWord => Pick("Anfitrião", "Host");
    public string GatewayWord => "Gateway";
    public string ClientWord => Pick("Equipamento", "Endpoint");
    public string DoingWord => Pick("A fazer", "Doing");
    public string KindWord => Pick("Tipo", "Kind");
    public string ImageWord => Pick("Imagem-base", "Golden image");
    public string StandWord => Pick("Situação", "Standing");
    public string SizeWord => Pick("Número de máquinas", "Number of machines");
    public string MachinesOfSize => Pick("Máquinas / máximo", "Machines / most");
    public string Cpus => Pick("Processadores", "Processors");
    public string MemoryMib => Pick("Memória (MiB)", "Memory (MiB)");
    public string NamePattern => Pick("Padrão dos nomes", "Name pattern");
    public string NamePatternHint => Pick("{n:000} é o número, com três algarismos.", "{n:000} is the number, with three digits.");
    public string OperatingSystem => Pick("Sistema operativo", "Operating system");
    public string Address => Pick("Endereço", "Address");
    public string NetworkWord => Pick("Rede", "Network");
    public string StorageWord => Pick("Armazenamento", "Storage");
    public string VersionWord => Pick("Versão", "Version");
    public string SizeBytesWord => Pick("Tamanho", "Size");
    public string PublishedWord => Pick("Publicada", "Published");
    public string RoleWord => Pick("Função", "Role");
    public string AdministratorWord => Pick("Administrador", "Administrator");
    public string EmployeeWord => Pick("Colaborador", "Employee");
    public string IsAdministrator => Pick("Pode usar esta consola como administrador", "May use this console as an administrator");
    public string ObjectWord => Pick("Objeto", "Object");
    public string When => Pick("Quando", "When");
    public string Who => Pick("Quem", "Who");
    public string What => Pick("O quê", "What");
    public string Outcome => Pick("Resultado", "Outcome");
    public string StepWord => Pick("Passo", "Step");
    public string Attempts => Pick("Tentativas", "Attempts");
    public string FactsWord => Pick("Dados", "Facts");
    public string HistoryWord => Pick("Histórico", "History");
    public string Operations => Pick("Operações", "Operations");
    public string ConnectionsWord => Pick("Ligações", "Connections");
    public string Opened => Pick("Aberta", "Opened");
    public string Closed => Pick("Fechada", "Closed");
    public string OpenNow => Pick("aberta agora", "open now");
    public string ToMachineBytes => Pick("Para a máquina", "To the machine");
    public string FromMachineBytes => Pick("Da máquina", "From the machine");
    public string Began => Pick("Início", "Began");
    public string EndedWord => Pick("Fim", "Ended at");
    public string IdleWord => Pick("Sem atividade", "Idle");
    public string LogonTime => Pick("Tempo de entrada", "Logon time");
    public string LogonTimesOfDay => Pick("Tempos de entrada nas últimas 24 horas", "Logon times of the last 24 hours");
    public string MedianWord => Pick("Mediana", "Median");
    public string Percentile95 => Pick("95 em cada 100", "95 of 100");
    public string LogonsWord => Pick("Entradas", "Logons");
    public string LogonTimeline => Pick("Entrada na sessão, passo a passo", "Logon, phase by phase");
    public string TimelineLabel(string total) => Pick($"Fases da entrada, no total {total}. Os mesmos dados estão na tabela a seguir.", $"Phases of the logon, {total} in all. The same data stand in the table below.");
    public string SameAsTable => Pick("Ver os mesmos dados em tabela", "See the same data as a table");
    public string PhaseWord => Pick("Fase", "Phase");
    public string Took => Pick("Duração", "Took");
    public string Whole => Pick("Total", "In all");

    public string Hosts => Pick("Anfitriões", "Hosts");
    public string Images => Pick("Imagens-base", "Golden images");
    public string Gateways => "Gateways";
    public string Newest => Pick("Mais recentes", "Newest");
    public string Older => Pick("Mais antigos", "Older");
    public string PagesWord => Pick("Páginas", "Pages of the list");

    public string NoMachines => Pick("Ainda não há máquinas. Crie um conjunto e elas aparecem aqui.", "There are no machines yet. Create a pool and they appear here.");
    public string NoSessions => Pick("Ninguém está em sessão neste momento.", "Nobody is in a session right now.");
    public string NoSessionsOfUser => Pick("Sem sessões abertas.", "No open sessions.");
    public string NoPools => Pick("Ainda não há conjuntos. Crie o primeiro.", "There are no pools yet. Create the first.");
    public string NoPoolsForYou => Pick("Não há conjuntos que possa ver.", "There are no pools that you may see.");
    public string NoMachinesForYou => Pick("Não há máquinas que possa ver.", "There are no machines that you may see.");
    public string NoUsers => Pick("Ainda não há utilizadores.", "There are no users yet.");
    public string NoSuchUser => Pick("Este utilizador não existe.", "There is no such user.");
    public string NoHosts => Pick("Ainda não há anfitriões. Acrescente o primeiro para poder criar máquinas.", "There are no hosts yet. Add the first to be able to make machines.");
    public string NoImages => Pick("Ainda não há imagens-base. Publique a primeira para poder criar conjuntos.", "There are no golden images yet. Publish the first to be able to create pools.");
    public string NoGateways => Pick("Nenhuma gateway aderiu.", "No gateway has joined.");
    public string NoHistory => Pick("Sem registos.", "No records.");

    public string WholeHistory(int count) => Pick($"Mostrar os {count} registos", $"Show all {count} records");

    public string LatestHistory(int count) => Pick($"Mostrar só os {count} mais recentes", $"Show only the latest {count}");
    public string NoOperations => Pick("Sem operações.", "No operations.");
    public string NoConnections => Pick("Sem ligações.", "No connections.");
    public string NoPhasesYet => Pick("As fases da entrada ainda não são conhecidas.", "The phases of the logon are not known yet.");

    public string ActiveSessions => Pick("Sessões ativas", "Active sessions");
    public string OfWhichDisconnected(int n) => Count(n, "mais {0} desligada, que continua", "mais {0} desligadas, que continuam", "and {0} disconnected", "and {0} disconnected");
    public string SpareMachines => Pick("Máquinas livres", "Spare machines");
    public string InPreparation(long n) => Count((int)n, "{0} em preparação", "{0} em preparação", "{0} being prepared", "{0} being prepared");
    public string PeopleWaiting => Pick("Pessoas à espera", "People waiting");
    public string NobodyWaits => Pick("ninguém à espera", "nobody waits");
    public string SeePools => Pick("ver os conjuntos", "see the pools");
    public string ProblemMachines => Pick("Máquinas com problema", "Machines in trouble");
    public string AllWell => Pick("tudo em ordem", "all is well");
    public string SeeMachines => Pick("ver as máquinas", "see the machines");
    public string SlowestTwentieth(string s) => Pick($"95 em cada 100 até {s}", $"95 of 100 within {s}");
    public string NoLogonsYet => Pick("ainda sem entradas", "no logons yet");
    public string NeedsAttention => Pick("A precisar de atenção", "Needs attention");
    public string AllMachinesWell => Pick("Todas as máquinas estão em ordem.", "All machines are well.");
    public string AndMore(int n) => Count(n, "e mais {0} máquina", "e mais {0} máquinas", "and {0} more machine", "and {0} more machines");
    public string InUseWord => Pick("Em uso", "In use");
    public string SpareWord => Pick("Livres", "Spare");
    public string PreparingWord => Pick("Em preparação", "Being prepared");
    public string FaultedWord => Pick("Com falha", "Faulted");
    public string WaitingWord => Pick("À espera", "Waiting");
    public string WithProblem => Pick("Com problema", "In trouble");
    public string PoolLine(Pool p) => Pick(
        $"{p.InUse} em uso · {p.Available} {(p.Available == 1 ? "livre" : "livres")} · {p.Size} {(p.Size == 1 ? "pedida" : "pedidas")}{(p.Waiting > 0 ? $" · {p.Waiting} à espera" : "")}",
        $"{p.InUse} in use · {p.Available} spare · {p.Size} wanted{(p.Waiting > 0 ? $" · {p.Waiting} waiting" : "")}");
    public string Connections(uint n) => Count((int)n, "{0} ligação", "{0} ligações", "{0} connection", "{0} connections");
}
