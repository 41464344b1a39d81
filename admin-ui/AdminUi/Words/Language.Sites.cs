using Montalegre.Vdi.Contracts.Admin.V1;
using Host = Montalegre.Vdi.Contracts.Admin.V1.Host;

namespace Montalegre.Vdi.AdminUi.Words;

// Sites: where hosts and pools are.
internal sealed partial class Language
{
    public string SitesWord => Pick("Locais", "Sites");
    public string SiteWord => Pick("Local", "Site");
    public string SitesHint => Pick("Um local é uma sala de servidores, um edifício ou a cópia na nuvem. Um conjunto de um local só tem máquinas em anfitriões desse local, e uma função pode ser dada só ali.", "A site is a server room, a building or the copy in the cloud. A pool of a site has machines on hosts of that site only, and a role can be given for it alone.");
    public string NoSites => Pick("Ainda não há locais. Crie um, e diga depois na página de cada anfitrião e de cada conjunto em que local está.", "There are no sites yet. Create one, and then say on the page of each host and pool at which site it is.");
    public string NoSitesForYou => Pick("Não há locais que possa ver.", "There are no sites for you to see.");
    public string CreateSite => Pick("Criar local", "Create site");
    public string ChangeSite => Pick("Mudar local", "Change site");
    public string ChangeSiteOf(string site) => Pick($"Mudar o local {site}", $"Change the site {site}");
    public string SiteSaved(string site) => Pick($"O local {site} foi guardado.", $"The site {site} was saved.");
    public string SiteCreated(string site) => Pick($"O local {site} foi criado.", $"The site {site} was created.");
    public string DeleteSite => Pick("Eliminar local", "Delete site");
    public string DeleteSiteOf(string site) => Pick($"Eliminar o local {site}", $"Delete the site {site}");
    public string DeleteSiteQuestion(string site) => DeleteSiteOf(site) + "?";
    public string DeleteSiteEmpty => Pick("Não tem anfitriões, conjuntos, funções nem chaves. Nada mais muda.", "It has no hosts, pools, roles or keys. Nothing else changes.");
    public string DeleteSiteUsed(Site site)
    {
        string[] all =
        [
            site.Hosts > 0 ? Count((int)site.Hosts, "{0} anfitrião", "{0} anfitriões", "{0} host", "{0} hosts") : "",
            site.Pools > 0 ? Count((int)site.Pools, "{0} conjunto", "{0} conjuntos", "{0} pool", "{0} pools") : "",
            site.Grants > 0 ? Count((int)site.Grants, "{0} função ou chave", "{0} funções ou chaves", "{0} role or key", "{0} roles or keys") : "",
        ];
        var has = string.Join(", ", all.Where(one => one.Length > 0));
        return Pick($"O local ainda tem: {has}. Mude primeiro o local dos anfitriões e conjuntos, e retire as funções e chaves.", $"The site still has: {has}. Move hosts and pools to another site first, and take the roles and keys away.");
    }

    public string SiteDeleted(string site) => Pick($"O local {site} foi eliminado.", $"The site {site} was deleted.");
    public string RolesThere => Pick("Funções e chaves", "Roles and keys");
    public string NoSite => Pick("Nenhum", "None");
    public string AtSite(string site) => Pick($"Local {site}", $"Site {site}");
    public string SetSiteTitle(string what) => Pick($"Local de {what}", $"Site of {what}");
    public string SaveSite => Pick("Guardar local", "Save site");
    public string MovedToSite(string what, string site) => site.Length == 0 ? Pick($"{what} não está em nenhum local.", $"{what} is at no site.") : Pick($"{what} está agora no local {site}.", $"{what} is at the site {site} now.");
    public string HostSiteEffect => Pick("Nenhuma máquina muda. Quem tem uma função no local passa a poder usá-la neste anfitrião, e quem a tem no local de onde sai deixa de poder.", "No machine moves. Whoever holds a role at the site may use it on this host, and whoever holds one at the site it leaves no longer may.");
    public string PoolSiteEffect(string site) => site.Length == 0
        ? Pick("Quem tem uma função no local de onde sai deixa de a poder usar neste conjunto.", "Whoever holds a role at the site it leaves may no longer use it on this pool.")
        : Pick($"Passa para o local {site}: fica só com anfitriões de lá. Quem tem uma função ali passa a poder usá-la neste conjunto, e quem a tem no local de onde sai deixa de poder.", $"Goes to the site {site}: it has hosts of that site only. Whoever holds a role there may use it on this pool, and whoever holds one at the site it leaves no longer may.");
    public string PoolHostsEffect(IEnumerable<string> hosts) => Pick("As máquinas novas são feitas em: ", "New machines are made on: ") + string.Join(", ", hosts) + ".";
    public string SiteOfNewPool(string site) => Pick($"Fica no local {site}, em anfitriões desse local.", $"It is at the site {site}, on hosts of that site.");
    public string NoHostsAtSite(string site) => Pick($"Não há anfitriões no local {site}. Ponha lá um na página do anfitrião.", $"There are no hosts at the site {site}. Put one there on its page.");
    private string ReachOfSite(RoleGrant grant) => Pick(
        $"Abrange o que está no local, e o que vier a estar: agora {Count((int)grant.Hosts, "{0} anfitrião", "{0} anfitriões", "", "")}, {Count((int)grant.Pools, "{0} conjunto", "{0} conjuntos", "", "")}, {Count((int)grant.Machines, "{0} máquina", "{0} máquinas", "", "")} e {Count((int)grant.Sessions, "{0} sessão aberta", "{0} sessões abertas", "", "")}.",
        $"It reaches what is at the site, also in future: now {Count((int)grant.Hosts, "", "", "{0} host", "{0} hosts")}, {Count((int)grant.Pools, "", "", "{0} pool", "{0} pools")}, {Count((int)grant.Machines, "", "", "{0} machine", "{0} machines")} and {Count((int)grant.Sessions, "", "", "{0} open session", "{0} open sessions")}.");

    private string? SiteAction(string action) => action switch
    {
        "site.make" => Pick("Criou o local", "Created the site"),
        "site.change" => Pick("Mudou o local", "Changed the site"),
        "site.delete" => Pick("Eliminou o local", "Deleted the site"),
        "host.site" => Pick("Mudou o local do anfitrião", "Changed the site of the host"),
        "pool.site" => Pick("Mudou o local do conjunto", "Changed the site of the pool"),
        _ => null,
    };
}
