namespace Montalegre.Vdi.AdminUi.Words;

// Groups of people, and how a person or a group is chosen.
internal sealed partial class Language
{
    public string GroupsWord => Pick("Grupos", "Groups");
    public string GroupWord => Pick("Grupo", "Group");
    public string GroupsHint => Pick("Quem está num grupo tem os direitos de acesso do grupo, enquanto lá estiver.", "Whoever is in a group has the group's entitlements for as long as that lasts.");
    public string NoGroups => Pick("Ainda não há grupos. Crie um para dar acesso a várias pessoas de uma vez.", "There are no groups yet. Create one to entitle several people at once.");
    public string NoSuchGroup => Pick("Este grupo não existe.", "There is no such group.");
    public string CreateGroup => Pick("Criar grupo", "Create group");
    public string ChangeGroup => Pick("Mudar grupo", "Change group");
    public string ChangeGroupTitle(string group) => Pick($"Mudar o grupo {group}", $"Change the group {group}");
    public string GroupCreated(string group) => Pick($"O grupo {group} foi criado. Acrescente-lhe pessoas.", $"The group {group} was created. Add people to it.");
    public string GroupSaved(string group) => Pick($"O grupo {group} foi guardado.", $"The group {group} was saved.");
    public string GroupQuotaWord => Pick("Sessões de todos os membros", "Sessions of all members");
    public string GroupQuotaHint => Pick("0: sem limite. Vale para as próximas sessões; as abertas continuam.", "0: any number. It holds for the next sessions; open ones go on.");
    public string GroupQuotaEffect(int before, int after) => after == 0
        ? Pick("Os membros podem ter qualquer número de sessões abertas.", "The members may have any number of sessions open.")
        : Count(after, "Os membros podem ter {0} sessão aberta ao todo", "Os membros podem ter {0} sessões abertas ao todo", "The members may have {0} session open in all", "The members may have {0} sessions open in all")
          + (before == 0 ? Pick("; antes não havia limite.", "; there was no limit before.") : Pick($"; antes eram {before}.", $"; it was {before} before."));
    public string DeleteGroup => Pick("Eliminar grupo", "Delete group");
    public string DeleteGroupQuestion(string group) => Pick($"Eliminar o grupo {group}?", $"Delete the group {group}?");
    public string DeleteGroupMembers(int members) => members == 0
        ? Pick("Não tem membros.", "It has no members.")
        : Count(members, "{0} pessoa perde o que o grupo lhe dá.", "{0} pessoas perdem o que o grupo lhes dá.", "{0} person loses what the group gives.", "{0} people lose what the group gives.");
    public string DeleteGroupPools(int pools, IEnumerable<string> names) => pools == 0
        ? Pick("Não tem direitos de acesso.", "It has no entitlements.")
        : Count(pools, "Direito de acesso a {0} conjunto: ", "Direito de acesso a {0} conjuntos: ", "Entitlement to {0} pool: ", "Entitlement to {0} pools: ") + string.Join(", ", names) + ".";
    public string RightLostFollows => Pick("O que acontece às sessões abertas é o que as regras de cada conjunto dizem.", "What becomes of open sessions is what the rules of each pool say.");
    public string GroupDeleted(string group) => Pick($"O grupo {group} foi eliminado.", $"The group {group} was deleted.");
    public string MembersWord => Pick("Membros", "Members");
    public string NoMembers => Pick("Ainda não tem membros.", "It has no members yet.");
    public string AddMember => Pick("Acrescentar ao grupo", "Add to the group");
    public string MemberAdded(string user, string group) => Pick($"{user} está agora no grupo {group}.", $"{user} is now in the group {group}.");
    public string RemoveMember => Pick("Tirar", "Take out");
    public string RemoveMemberOf(string user) => Pick($"Tirar {user} do grupo", $"Take out {user} from the group");
    public string RemoveMemberQuestion(string user, string group) => Pick($"Tirar {user} do grupo {group}?", $"Take {user} out of the group {group}?");
    public string MemberRemoved(string user, string group) => Pick($"{user} já não está no grupo {group}.", $"{user} is no longer in the group {group}.");
    public string GroupPoolsWord => Pick("Conjuntos a que dá acesso", "Pools it entitles to");
    public string NoGroupPools => Pick("Não dá acesso a nenhum conjunto. O acesso dá-se na página do conjunto.", "It entitles to no pool. Entitle it on the page of a pool.");
    public string NoGroupsOfUser => Pick("Não está em nenhum grupo.", "Is in no group.");
    public string PersonWord => Pick("Pessoa", "Person");
    public string PersonOrGroup => Pick("Pessoa ou grupo", "Person or group");
    public string PickHint => Pick("Escreva parte do nome", "Type part of the name");
    public string MembersOf(uint members) => Count((int)members, "{0} membro", "{0} membros", "{0} member", "{0} members");
    public string RevokeGroupTouches(uint members) => Count((int)members, "{0} membro do grupo deixa de ver este ambiente de trabalho no portal, a não ser que tenha o direito de outra forma.", "{0} membros do grupo deixam de ver este ambiente de trabalho no portal, a não ser que tenham o direito de outra forma.", "{0} member of the group no longer sees this desktop in the portal, unless entitled in another way.", "{0} members of the group no longer see this desktop in the portal, unless entitled in another way.");

    public string RightLostWord => Pick("Quem perde o direito com a sessão aberta", "Whoever loses the right with a session open");
    public string RightLostOf(Contracts.Admin.V1.RightLost what) => what switch
    {
        Contracts.Admin.V1.RightLost.Keep => Pick("Pode acabar o que está a fazer", "May finish what he is doing"),
        Contracts.Admin.V1.RightLost.LogOff => Pick("A sessão é terminada", "The session is logged off"),
        _ => Pick("A ligação fecha-se; a sessão fica", "The connection closes; the session stays"),
    };
}
