using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

internal static class RoleCommands
{
    private const int MostPermissions = 100;

    public static Command[] All { get; } =
    [
        new("roles list", "", "funções e o que cada uma permite", "roles, and what each may do", ListAsync),
        new("roles grants", "[--user name] [--group name]", "quem tem que função, e onde", "who holds which role, and where", GrantsAsync),
        new("roles grant", "<user>|--group <name> <role> [--pool name|--site name|--people-of group|--endpoints name] [--dry-run]", "dá uma função a uma pessoa ou aos membros de um grupo, para tudo, para um conjunto, para um local, sobre as pessoas de um grupo ou sobre o que se usa de certos terminais", "give a person, or the members of a group, a role for everything, for one pool, for one site, over the people of one group or over what is used from some endpoints", GrantAsync),
        new("roles take-away", "<user>|--group <name> <role> [--pool name|--site name|--people-of group|--endpoints name] [--dry-run]", "retira uma função", "take a role away", TakeAwayAsync),
        new("roles set", "<role> <permission>...", "cria ou muda uma função própria", "make or change a role of your own", SetAsync),
        new("roles delete", "<role>", "elimina uma função própria", "delete a role of your own", DeleteAsync),
    ];

    private static Contracts.Admin.V1.Roles.RolesClient Roles(Invocation call) => new(call.Calls);

    private static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await Roles(call).ListAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Roles, (s.Words("FUNÇÃO", "ROLE"), r => r.Name), (s.Words("TÊM-NA", "HOLDERS"), r => $"{r.Holders}"), (s.Words("PERMISSÕES", "PERMISSIONS"), r => string.Join(' ', r.Permissions)));
        return 0;
    }

    private static async Task<int> GrantsAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await Roles(call).ListGrantsAsync(new() { UserName = call.Line.Option("user") ?? "", GroupId = await GroupAsync(call) }, call.AsAdministrator);
        s.Table(answer, answer.Grants,
            (s.Words("QUEM", "WHO"), WhoOf),
            (s.Words("FUNÇÃO", "ROLE"), g => g.Role),
            (s.Words("ONDE", "WHERE"), g => ScopeOf(call, g.ScopePoolName, g.ScopeGroupName, g.ScopeSiteName, g.ScopeEndpointGroupName)),
            (s.Words("ATIVO", "ENABLED"), g => g.Enabled ? s.Words("sim", "yes") : s.Words("não", "no")),
            (s.Words("DADA POR", "GIVEN BY"), g => g.GrantedBy),
            (s.Words("QUANDO", "WHEN"), g => Screen.Time(g.GrantedAt)));
        return 0;
    }

    private static async Task<int> GrantAsync(Invocation call)
    {
        var (user, group, role) = await GranteeAsync(call);
        Say(call, await Roles(call).GrantAsync(new() { UserName = user, GroupId = group, Role = role, ScopePoolId = await PoolAsync(call), ScopeGroupId = await PeopleAsync(call), ScopeSiteId = await SiteAsync(call), ScopeEndpointGroupId = await EndpointsAsync(call), DryRun = call.Line.Has("dry-run") }, call.AsAdministrator));
        return 0;
    }

    private static async Task<int> TakeAwayAsync(Invocation call)
    {
        var (user, group, role) = await GranteeAsync(call);
        var (pool, people, site, ends) = (await PoolAsync(call), await PeopleAsync(call), await SiteAsync(call), await EndpointsAsync(call));
        var held = await Roles(call).ListGrantsAsync(new() { UserName = user, GroupId = group }, call.AsAdministrator);
        var grant = held.Grants.FirstOrDefault(g => g.Role == role && g.ScopePoolId == pool && g.ScopeGroupId == people && g.ScopeSiteId == site && g.ScopeEndpointGroupId == ends && g.GroupId == group) ?? throw Unknown.Object(ReasonCode.NotFound, string.Join(' ', call.Line.Words.Skip(2)));
        Say(call, await Roles(call).TakeAwayAsync(new() { GrantId = grant.GrantId, DryRun = call.Line.Has("dry-run") }, call.AsAdministrator));
        return 0;
    }

    private static async Task<int> SetAsync(Invocation call)
    {
        var words = call.Line.Take(2, 2, MostPermissions);
        var role = await Roles(call).SetAsync(new() { Name = words[0], Permissions = { words[1..] } }, call.AsAdministrator);
        call.Screen.Done(role, $"Função {role.Name}: {string.Join(' ', role.Permissions)}", $"Role {role.Name}: {string.Join(' ', role.Permissions)}");
        return 0;
    }

    private static async Task<int> DeleteAsync(Invocation call)
    {
        var name = call.Line.Take(2, 1, 1)[0];
        var gone = await Roles(call).DeleteAsync(new() { Name = name }, call.AsAdministrator);
        call.Screen.Done(gone, $"Função {name} eliminada", $"Role {name} deleted");
        return 0;
    }

    // With --dry-run nothing is changed, and what it would touch is said all the same.
    private static void Say(Invocation call, RoleGrant grant) => call.Screen.Done(grant,
        $"{WhoOf(grant)}: {grant.Role} ({(grant.ScopeGroupId is "" ? $"{grant.Pools} conjuntos" : $"{grant.People} pessoas")}, {grant.Machines} máquinas, {grant.Sessions} sessões abertas)",
        $"{WhoOf(grant)}: {grant.Role} ({(grant.ScopeGroupId is "" ? $"{grant.Pools} pools" : $"{grant.People} people")}, {grant.Machines} machines, {grant.Sessions} open sessions)");

    /// <summary>Where a grant or a key is good, in a table.</summary>
    internal static string ScopeOf(Invocation call, string pool, string group, string site, string ends) => group is not "" ? call.Screen.Words($"pessoas de {group}", $"people of {group}")
        : ends is not "" ? call.Screen.Words($"terminais de {ends}", $"endpoints of {ends}") : site is not "" ? call.Screen.Words($"local {site}", $"site {site}") : pool is "" ? "*" : pool;

    internal static async Task<string> EndpointsAsync(Invocation call) => call.Line.Option("endpoints") is { } name ? (await EndpointCommands.FindAsync(call, name)).EndpointGroupId : "";

    internal static async Task<string> SiteAsync(Invocation call) => call.Line.Option("site") is { } name ? (await SiteCommands.FindAsync(call, name)).SiteId : "";

    internal static async Task<string> PeopleAsync(Invocation call) => call.Line.Option("people-of") is { } name ? (await GroupCommands.FindAsync(call, name)).GroupId : "";

    private static string WhoOf(RoleGrant grant) => grant.GroupId is "" ? grant.UserName : grant.GroupName is "" ? grant.GroupId : $"{grant.GroupName} ({grant.Members})";

    // "ana help_desk", or "--group Obras help_desk".
    private static async Task<(string User, string Group, string Role)> GranteeAsync(Invocation call) => await GroupAsync(call) is { Length: > 0 } group
        ? ("", group, call.Line.Take(2, 1, 1)[0])
        : call.Line.Take(2, 2, 2) is var words ? (words[0], "", words[1]) : default;

    private static async Task<string> GroupAsync(Invocation call) => call.Line.Option("group") is { } name ? (await GroupCommands.FindAsync(call, name)).GroupId : "";

    private static async Task<string> PoolAsync(Invocation call) => call.Line.Option("pool") is { } name ? (await PoolCommands.FindAsync(call, name)).PoolId : "";
}
