using Google.Protobuf;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class SiteCommands
{
    private const string None = "none";

    public static Command[] All { get; } =
    [
        new("sites list", "", "locais e o que está em cada um", "sites, and what is at each", ListAsync),
        new("sites make", "<name> [--description <text>]", "cria um local", "make a site", MakeAsync),
        new("sites rename", "<site> <name>", "muda o nome de um local", "give a site another name", RenameAsync),
        new("sites delete", "<site>", "elimina um local onde já não há nada", "delete a site where nothing is any more", DeleteAsync),
    ];

    private static Sites.SitesClient Client(Invocation call) => new(call.Calls);

    public static async Task<Site> FindAsync(Invocation call, string nameOrId)
    {
        var sites = (await Client(call).ListAsync(new(), call.AsAdministrator)).Sites;
        return sites.FirstOrDefault(site => site.SiteId == nameOrId || string.Equals(site.Name, nameOrId, StringComparison.OrdinalIgnoreCase)) ?? throw Unknown.Object(ReasonCode.NotFound, nameOrId);
    }

    /// <summary>Empty for the word none.</summary>
    public static async Task<string> IdOrNoneAsync(Invocation call, string word) => word == None ? "" : (await FindAsync(call, word)).SiteId;

    /// <summary>Where something is now.</summary>
    public static void Say(Invocation call, IMessage answer, string name, string site) =>
        call.Screen.Done(answer, site is "" ? $"{name} não está em nenhum local" : $"{name} está em {site}", site is "" ? $"{name} is at no site" : $"{name} is at {site}");

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await Client(call).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Sites,
            (s.Words("LOCAL", "SITE"), l => l.Name),
            (s.Words("ANFITRIÕES", "HOSTS"), l => $"{l.Hosts}"),
            (s.Words("CONJUNTOS", "POOLS"), l => $"{l.Pools}"),
            (s.Words("MÁQUINAS", "MACHINES"), l => $"{l.Machines}"),
            (s.Words("SESSÕES", "SESSIONS"), l => $"{l.Sessions}"),
            (s.Words("FUNÇÕES", "ROLES"), l => $"{l.Grants}"),
            (s.Words("DESCRIÇÃO", "DESCRIPTION"), l => l.Description));
        return 0;
    }

    private static async Task<int> MakeAsync(Invocation call)
    {
        var site = await Client(call).MakeAsync(new() { Name = call.Line.Take(2, 1, 1)[0], Description = call.Line.Option("description") ?? "" }, call.AsAdministrator);
        call.Screen.Done(site, $"Local {site.Name} criado", $"Site {site.Name} made");
        return 0;
    }

    private static async Task<int> RenameAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, 2);
        var site = await FindAsync(call, words[0]);
        var changed = await Client(call).ChangeAsync(new() { SiteId = site.SiteId, Name = words[1], Description = site.Description }, call.AsAdministrator);
        call.Screen.Done(changed, $"{site.Name} chama-se agora {changed.Name}", $"{site.Name} is now called {changed.Name}");
        return 0;
    }

    private static async Task<int> DeleteAsync(Invocation call)
    {
        var site = await FindAsync(call, call.Line.Take(2, 1, 1)[0]);
        var gone = await Client(call).DeleteAsync(new() { SiteId = site.SiteId }, call.AsAdministrator);
        call.Screen.Done(gone, $"Local {site.Name} eliminado", $"Site {site.Name} deleted");
        return 0;
    }
}
