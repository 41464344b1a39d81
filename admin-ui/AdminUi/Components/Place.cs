using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;
using MudBlazor;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>A place of the main menu, and what opens it and every page below it.</summary>
/// <param name="Needs">The permission; empty: whoever is signed in.</param>
/// <param name="Everywhere">It must be held on everything; else held for any pool is enough, and the lists are cut.</param>
internal sealed record Place(string Href, string Icon, string Word, string Needs, bool Everywhere = false)
{
    /// <summary>The main menu, in its order.</summary>
    public static IReadOnlyList<Place> All(Language say) =>
    [
        new("/", Icons.Material.Outlined.SpaceDashboard, say.Dashboard, ""),
        new("/alerts", Icons.Material.Outlined.NotificationsNone, say.AlertsWord, "alerts.read"),
        new("/tasks", Icons.Material.Outlined.PendingActions, say.TasksWord, "tasks.read"),
        new("/sessions", Icons.Material.Outlined.Groups, say.Sessions, "sessions.read"),
        new("/machines", Icons.Material.Outlined.DesktopWindows, say.Machines, "machines.read"),
        new("/pools", Icons.Material.Outlined.Layers, say.Pools, "pools.read"),
        new("/users", Icons.Material.Outlined.Person, say.Users, "users.read"),
        new("/groups", Icons.Material.Outlined.Group, say.GroupsWord, "users.read", Everywhere: true),
        new("/directories", Icons.Material.Outlined.FolderShared, say.DirectoriesWord, "roles.read", Everywhere: true),
        new("/roles", Icons.Material.Outlined.AdminPanelSettings, say.RolesWord, "roles.read", Everywhere: true),
        new("/endpoints", Icons.Material.Outlined.Computer, say.EndpointsWord, "roles.read", Everywhere: true),
        new("/api-keys", Icons.Material.Outlined.Key, say.ApiKeysWord, "api_keys.read"),
        new("/sites", Icons.Material.Outlined.LocationCity, say.SitesWord, "hosts.read"),
        new("/hosts", Icons.Material.Outlined.Dns, say.Hosts, "hosts.read"),
        new("/images", Icons.Material.Outlined.Album, say.Images, "images.read"),
        new("/calendars", Icons.Material.Outlined.CalendarMonth, say.CalendarsWord, "calendars.read"),
        new("/gateways", Icons.Material.Outlined.Router, say.Gateways, "gateways.read", Everywhere: true),
        new("/portal", Icons.Material.Outlined.Campaign, say.PortalWord, "portal.manage", Everywhere: true),
        new("/settings", Icons.Material.Outlined.Settings, say.SettingsWord, "settings.read", Everywhere: true),
        new("/reports", Icons.Material.Outlined.Assessment, say.ReportsWord, "sessions.read"),
        new("/audit", Icons.Material.Outlined.FactCheck, say.AuditLog, "audit.read"),
    ];

    public bool OpenTo(Broker broker) => Needs.Length == 0 || (Everywhere ? broker.May(Needs) : broker.MaySomewhere(Needs));

    public bool Holds(string path) => path == Href || (Href != "/" && path.StartsWith(Href + "/", StringComparison.Ordinal));
}
