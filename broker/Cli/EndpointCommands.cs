using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class EndpointCommands
{
    private const int MostNetworks = 32;

    public static Command[] All { get; } =
    [
        new("endpoints list", "", "grupos de terminais, pelas redes em que estão", "groups of endpoints, by the networks that they are in", ListAsync),
        new("endpoints make", "<name> <network>... [--description <text>]", "cria um grupo de terminais", "make a group of endpoints", MakeAsync),
        new("endpoints networks", "<name> <network>...", "muda as redes de um grupo de terminais", "change the networks of a group of endpoints", ChangeAsync),
        new("endpoints delete", "<name>", "elimina um grupo de terminais", "delete a group of endpoints", DeleteAsync),
    ];

    private static EndpointGroups.EndpointGroupsClient Client(Invocation call) => new(call.Calls);

    public static async Task<EndpointGroup> FindAsync(Invocation call, string nameOrId)
    {
        var groups = (await Client(call).ListAsync(new(), call.AsAdministrator)).Groups;
        return groups.FirstOrDefault(group => group.EndpointGroupId == nameOrId || string.Equals(group.Name, nameOrId, StringComparison.OrdinalIgnoreCase)) ?? throw Unknown.Object(ReasonCode.NotFound, nameOrId);
    }

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await Client(call).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Groups,
            (s.Words("TERMINAIS", "ENDPOINTS"), g => g.Name),
            (s.Words("REDES", "NETWORKS"), g => string.Join(' ', g.Networks)),
            (s.Words("SESSÕES", "SESSIONS"), g => $"{g.Sessions}"),
            (s.Words("FUNÇÕES", "ROLES"), g => $"{g.Grants}"),
            (s.Words("DESCRIÇÃO", "DESCRIPTION"), g => g.Description));
        return 0;
    }

    private static async Task<int> MakeAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, MostNetworks + 1);
        var group = await Client(call).MakeAsync(new() { Name = words[0], Description = call.Line.Option("description") ?? "", Networks = { words[1..] } }, call.AsAdministrator);
        Say(call, group);
        return 0;
    }

    private static async Task<int> ChangeAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, MostNetworks + 1);
        var group = await FindAsync(call, words[0]);
        Say(call, await Client(call).ChangeAsync(new() { EndpointGroupId = group.EndpointGroupId, Name = group.Name, Description = group.Description, Networks = { words[1..] } }, call.AsAdministrator));
        return 0;
    }

    private static async Task<int> DeleteAsync(Invocation call)
    {
        var group = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        var gone = await Client(call).DeleteAsync(new() { EndpointGroupId = group.EndpointGroupId }, call.AsAdministrator);
        call.Screen.Done(gone, $"Terminais {group.Name} eliminados", $"Endpoints {group.Name} deleted");
        return 0;
    }

    private static void Say(Invocation call, EndpointGroup group) => call.Screen.Done(group,
        $"{group.Name}: {string.Join(' ', group.Networks)} ({group.Sessions} sessões abertas)", $"{group.Name}: {string.Join(' ', group.Networks)} ({group.Sessions} open sessions)");
}
