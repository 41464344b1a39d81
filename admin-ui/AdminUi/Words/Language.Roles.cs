using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Who may do what: permissions, roles and where they hold.
internal sealed partial class Language
{
    public string RolesWord => Pick("Funções", "Roles");
    public string RolesHint => Pick("Uma função diz o que se pode fazer; dá-se a uma pessoa ou a um grupo, para tudo, para um local, para um conjunto, sobre as pessoas de um grupo ou sobre o que se usa de certos terminais.", "A role says what may be done; it is given to a person or a group, for everything, for one site, for one pool, over the people of one group or over what is used from some endpoints.");
    public string GrantsWord => Pick("Quem tem que função", "Who has which role");
    public string NoGrants => Pick("Ninguém tem uma função.", "Nobody has a role.");
    public string NoRolesOfUser => Pick("Não tem nenhuma função: só usa o portal.", "Has no role: uses the portal only.");
    public string WhereWord => Pick("Onde", "Where");
    public string EverythingWord => Pick("Tudo", "Everything");
    public string GivenBy => Pick("Dada por", "Given by");
    public string GiveRole => Pick("Dar função", "Give a role");
    public string GiveRoleDone(string user, string role) => Pick($"{user} tem agora a função {role}.", $"{user} has now the role {role}.");
    public string TakeAwayWord => Pick("Retirar", "Take away");
    public string TakeAwayOf(string user, string role) => Pick($"Retirar a {user} a função {role}", $"Take away the role {role} from {user}");
    public string TakeAwayQuestion(string user, string role) => TakeAwayOf(user, role) + "?";
    public string TakenAwayDone(string user, string role) => Pick($"{user} já não tem a função {role}.", $"{user} no longer has the role {role}.");
    public string PeopleOfGroup => Pick("As pessoas de um grupo", "The people of a group");
    public string PeopleOf(string group) => Pick($"Pessoas de {group}", $"People of {group}");
    public string Reach(RoleGrant grant) => grant.ScopeGroupId.Length > 0 ? ReachOfPeople(grant) : grant.ScopeSiteId.Length > 0 ? ReachOfSite(grant) : grant.ScopeEndpointGroupId.Length > 0 ? ReachOfEndpoints(grant) : Pick(
        $"Abrange {Count((int)grant.Pools, "{0} conjunto", "{0} conjuntos", "", "")}, {Count((int)grant.Machines, "{0} máquina", "{0} máquinas", "", "")} e {Count((int)grant.Sessions, "{0} sessão aberta", "{0} sessões abertas", "", "")}.",
        $"It reaches {Count((int)grant.Pools, "", "", "{0} pool", "{0} pools")}, {Count((int)grant.Machines, "", "", "{0} machine", "{0} machines")} and {Count((int)grant.Sessions, "", "", "{0} open session", "{0} open sessions")}.");
    private string ReachOfPeople(RoleGrant grant) => Pick(
        $"Abrange quem está no grupo ({Count((int)grant.People, "{0} pessoa agora", "{0} pessoas agora", "", "")}) e quem vier a estar: {Count((int)grant.Sessions, "{0} sessão aberta", "{0} sessões abertas", "", "")} e {Count((int)grant.Machines, "{0} máquina em uso", "{0} máquinas em uso", "", "")}.",
        $"It reaches whoever is in the group ({Count((int)grant.People, "", "", "{0} person now", "{0} people now")}), also in future: {Count((int)grant.Sessions, "", "", "{0} open session", "{0} open sessions")} and {Count((int)grant.Machines, "", "", "{0} machine in use", "{0} machines in use")}.");
    public string MayThere(string what) => Pick($"Poderá: {what}.", $"May: {what}.");
    public string MayNoMore(string what) => Pick($"Deixa de poder: {what}.", $"May no longer: {what}.");
    public string ByGroup(string group) => Pick($"pelo grupo {group}", $"by the group {group}");
    public string AffectsMembers(string group, uint n) => Pick(
        $"Vale para quem está no grupo {group} ({Count((int)n, "{0} pessoa agora", "{0} pessoas agora", "", "")}) e para quem vier a estar.",
        $"It holds for whoever is in the group {group} ({Count((int)n, "", "", "{0} person now", "{0} people now")}), also in future.");
    public string SleepingGrant => Pick("pessoa desativada: não vale agora", "person disabled: does not hold now");
    public string CreateRole => Pick("Criar função", "Create role");
    public string ChangeRoleTitle(string role) => Pick($"Mudar a função {role}", $"Change the role {role}");
    public string RoleName => Pick("Nome da função", "Name of the role");
    public string RoleNameHint => Pick("Letras minúsculas, algarismos e _, a começar por uma letra", "Small letters, digits and _, beginning with a letter");
    public string WrongRoleName => Pick("De 2 a 40 letras minúsculas sem acento, algarismos ou _, a começar por uma letra.", "2 to 40 small letters, digits or _, beginning with a letter.");
    public string RoleSaved(string role) => Pick($"A função {role} foi guardada.", $"The role {role} was saved.");
    public string RoleHeldBy(uint n) => n == 0 ? Pick("Ninguém a tem", "Held by nobody") : Count((int)n, "Dada {0} vez", "Dada {0} vezes", "Given {0} time", "Given {0} times");
    public string RoleChangeEffect(uint n) => Count((int)n, "Vale já para {0} pessoa que a tem.", "Vale já para {0} pessoas que a têm.", "It holds at once for {0} holder.", "It holds at once for {0} holders.");
    public string DeleteRoleQuestion(string role) => Pick($"Eliminar a função {role}?", $"Delete the role {role}?");
    public string DeleteRoleNobody => Pick("Ninguém a tem.", "Nobody holds it.");
    public string DeleteRoleHeld(uint n) => Count((int)n, "{0} pessoa tem-na: é preciso retirá-la primeiro.", "{0} pessoas têm-na: é preciso retirá-la primeiro.", "{0} person holds it: it has to be taken away first.", "{0} people hold it: it has to be taken away first.");
    public string RoleDeleted(string role) => Pick($"A função {role} foi eliminada.", $"The role {role} was deleted.");
    public string BuiltInWord => Pick("de origem", "built in");
    public string MayWord => Pick("O que permite", "What it allows");
    public string EachRole => Pick("O que cada função permite", "What each role allows");
    public string NothingGiven => Pick("Escolha pelo menos uma permissão.", "Choose at least one permission.");

    public string RoleOf(string role) => role switch
    {
        "administrator" => AdministratorWord,
        "pool_operator" => Pick("Operador de conjuntos", "Pool operator"),
        "help_desk" => Pick("Apoio ao utilizador", "Help desk"),
        "auditor" => Pick("Auditor", "Auditor"),
        "read_only" => Pick("Só consulta", "Read only"),
        _ => role,
    };

    /// <summary>What a group of permissions is about: the part of their names before the dot.</summary>
    public string PermissionObject(string about) => about switch
    {
        "pools" => Pools,
        "machines" => Machines,
        "sessions" => Sessions,
        "launches" => Pick("Pedidos de ligação", "Launches"),
        "rollouts" => Pick("Distribuição de imagens", "Roll-outs"),
        "images" => Images,
        "hosts" => Hosts,
        "gateways" => Gateways,
        "calendars" => CalendarsWord,
        "users" => Pick("Utilizadores e grupos", "Users and groups"),
        "roles" => RolesWord,
        "api_keys" => ApiKeysWord,
        "audit" => AuditLog,
        "backups" => Pick("Cópias de segurança", "Backups"),
        "portal" => PortalWord,
        "alerts" => AlertsWord,
        "tasks" => TasksWord,
        "settings" => SettingsWord,
        _ => about,
    };

    /// <summary>What a permission lets its holder do with its object; a permission of a newer broker by its name.</summary>
    public string PermissionVerb(string permission) => permission switch
    {
        "pools.manage" => Pick("criar, mudar e eliminar", "create, change and delete"),
        "pools.entitle" => Pick("dar e retirar acesso", "entitle and revoke"),
        "machines.operate" => Pick("reiniciar e repor", "restart and refresh"),
        "machines.manage" => Pick("acrescentar, atribuir e eliminar", "add, assign and remove"),
        "sessions.operate" => Pick("enviar mensagem, desligar e terminar", "message, disconnect and log off"),
        "sessions.assist" => Pick("pedir para ver ou comandar o ecrã", "ask to see or control the screen"),
        "rollouts.manage" => Pick("distribuir e parar", "roll out and halt"),
        "images.manage" => Pick("publicar e retirar", "publish and retire"),
        "hosts.manage" => Pick("acrescentar, mudar e retirar", "add, change and remove"),
        "gateways.manage" => Pick("criar códigos de adesão", "make join tokens"),
        "calendars.manage" or "portal.manage" or "api_keys.manage" => Pick("gerir", "manage"),
        "users.manage" => Pick("criar, ativar, desativar e mudar grupos e quotas", "create, enable, disable, and change groups and quotas"),
        "users.password" => Pick("mudar palavras-passe", "set passwords"),
        "users.note" => Pick("ler e escrever notas do apoio", "read and write help-desk notes"),
        "alerts.operate" => Pick("tratar e silenciar", "acknowledge and silence"),
        "tasks.cancel" => Pick("cancelar", "cancel"),
        "settings.manage" => Pick("mudar, em toda a instalação", "change, in the whole installation"),
        "alerts.manage" => Pick("mudar regras e canais", "change rules and channels"),
        "roles.manage" => Pick("dar, retirar e mudar", "give, take away and change"),
        _ when permission.EndsWith(".read", StringComparison.Ordinal) => Pick("ver", "see"),
        _ => permission,
    };

    public string PermissionWords(string permission) => $"{PermissionObject(permission.Split('.')[0])}: {PermissionVerb(permission)}";

    /// <summary>Permissions grouped by what they are about, in the order in which they come.</summary>
    public IEnumerable<(string About, IReadOnlyList<string> Permissions)> ByObject(IEnumerable<string> permissions) =>
        permissions.GroupBy(p => p.Split('.')[0]).Select(g => (g.Key, (IReadOnlyList<string>)[.. g]));

    public string AllInWords(IEnumerable<string> permissions) =>
        string.Join("; ", ByObject(permissions).Select(o => $"{PermissionObject(o.About)} ({string.Join(", ", o.Permissions.Select(PermissionVerb))})"));

    private string? RoleAction(string action) => action switch
    {
        "role.set" => Pick("Guardou a função", "Saved the role"),
        "role.delete" => Pick("Eliminou a função", "Deleted the role"),
        "role.grant" => Pick("Deu uma função", "Gave a role"),
        "role.take_away" => Pick("Retirou uma função", "Took a role away"),
        _ => null,
    };
}
