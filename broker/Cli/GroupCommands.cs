using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class GroupCommands
{
    public static Command[] All { get; } =
    [
        new("groups list", "[--user <user>]", "grupos", "groups", ListAsync),
        new("groups create", "<group> [--description <text>]", "cria um grupo", "make a group", CreateAsync),
        new("groups delete", "<group>", "elimina um grupo; os membros perdem o que ele dava", "delete a group; its members lose what it gave", DeleteAsync),
        new("groups members", "<group>", "quem pertence ao grupo", "who is in the group", MembersAsync),
        new("groups add", "<group> <user>", "põe uma pessoa no grupo", "put a person into the group", call => SetMemberAsync(call, true)),
        new("groups remove", "<group> <user>", "tira uma pessoa do grupo", "take a person out of the group", call => SetMemberAsync(call, false)),
        new("groups quota", "<group> <n>", "quantas sessões podem ter abertas os membros em conjunto (0: sem limite)", "how many sessions the members may have open together (0: any number)", QuotaAsync),
    ];

    public static async Task<Group> FindAsync(Invocation call, string nameOrId)
    {
        var groups = (await new Groups.GroupsClient(call.Calls).ListAsync(new(), call.AsAdministrator)).Groups;
        return groups.FirstOrDefault(group => string.Equals(group.Name, nameOrId, StringComparison.OrdinalIgnoreCase) || group.GroupId == nameOrId) ?? throw Unknown.Object(ReasonCode.NotFound, nameOrId);
    }

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await new Groups.GroupsClient(call.Calls).ListAsync(new() { UserName = call.Line.Option("user") ?? "" }, call.AsAdministrator);
        s.Table(answer, answer.Groups,
            (s.Words("GRUPO", "GROUP"), g => g.Name),
            (s.Words("DESCRIÇÃO", "DESCRIPTION"), g => g.Description),
            (s.Words("MEMBROS", "MEMBERS"), g => $"{g.Members}"),
            (s.Words("CONJUNTOS", "POOLS"), g => $"{g.Pools}"),
            (s.Words("MÁX. SESSÕES", "MOST SESSIONS"), g => g.MostSessions == 0 ? "" : $"{g.MostSessions}"));
        return 0;
    }

    private static async Task<int> CreateAsync(Invocation call)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        var group = await new Groups.GroupsClient(call.Calls).CreateAsync(new() { Name = name, Description = call.Line.Option("description") ?? "" }, call.AsAdministrator);
        call.Screen.Done(group, $"Grupo {group.Name} criado", $"Group {group.Name} made");
        return 0;
    }

    private static async Task<int> DeleteAsync(Invocation call)
    {
        var group = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        var answer = await new Groups.GroupsClient(call.Calls).DeleteAsync(new() { GroupId = group.GroupId }, call.AsAdministrator);
        call.Screen.Done(answer, $"Grupo {group.Name} eliminado", $"Group {group.Name} deleted");
        return 0;
    }

    private static async Task<int> MembersAsync(Invocation call)
    {
        var group = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        var s = call.Screen;
        var answer = await new Groups.GroupsClient(call.Calls).ListMembersAsync(new() { GroupId = group.GroupId }, call.AsAdministrator);
        s.Table(answer, answer.Users, (s.Words("UTILIZADOR", "USER"), u => u.UserName), (s.Words("NOME", "NAME"), u => u.DisplayName), (s.Words("ATIVO", "ENABLED"), u => u.Enabled ? s.Words("sim", "yes") : s.Words("não", "no")));
        return 0;
    }

    private static async Task<int> SetMemberAsync(Invocation call, bool member)
    {
        var words = call.Line.Take(2, 2, 2);
        var group = await FindAsync(call, words[0]);
        var groups = new Groups.GroupsClient(call.Calls);
        var request = new GroupMemberRequest { GroupId = group.GroupId, UserName = words[1] };
        var changed = member ? await groups.AddMemberAsync(request, call.AsAdministrator) : await groups.RemoveMemberAsync(request, call.AsAdministrator);
        if (member) call.Screen.Done(changed, $"{words[1]} pertence a {group.Name}", $"{words[1]} is in {group.Name}");
        else call.Screen.Done(changed, $"{words[1]} já não pertence a {group.Name}", $"{words[1]} is not in {group.Name} any more");
        return 0;
    }

    private static async Task<int> QuotaAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        if (!uint.TryParse(words[1], out var most)) throw new UsageException(words[1]);
        var group = await FindAsync(call, words[0]);
        var changed = await new Groups.GroupsClient(call.Calls).UpdateAsync(new() { GroupId = group.GroupId, MostSessions = most }, call.AsAdministrator);
        call.Screen.Done(changed, $"{group.Name}: {(most == 0 ? "sem limite" : most)}", $"{group.Name}: {(most == 0 ? "any number" : most)}");
        return 0;
    }
}
