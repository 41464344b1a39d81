using System.Collections.Frozen;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>The roles that every installation has. They are here and not in the database, so that a new method is in the right ones with the program that brings it.</summary>
internal static class BuiltInRoles
{
    public const string Administrator = "administrator";

    private static readonly Permission[] Reading = [.. Permissions.All.Where(p => p.Name().EndsWith(".read", StringComparison.Ordinal))];

    private static readonly FrozenDictionary<string, FrozenSet<Permission>> All = FrozenDictionary.ToFrozenDictionary(
    [
        Role(Administrator, Permissions.All),
        Role("pool_operator", [.. Looking, Permission.PoolsManage, Permission.PoolsEntitle, Permission.MachinesOperate, Permission.MachinesManage, Permission.SessionsOperate, Permission.RolloutsManage, Permission.TasksCancel]),
        Role("help_desk",
        [
            Permission.PoolsRead, Permission.MachinesRead, Permission.SessionsRead, Permission.LaunchesRead, Permission.UsersRead, Permission.CalendarsRead, Permission.AlertsRead, Permission.TasksRead,
            Permission.MachinesOperate, Permission.TasksCancel, Permission.SessionsOperate, Permission.SessionsAssist, Permission.UsersPassword, Permission.UsersNote,
        ]),
        Role("auditor", Reading),
        Role("read_only", Looking),
    ], StringComparer.Ordinal);

    // Who may what, and what everybody did, is not for everyone who may look at machines.
    private static IEnumerable<Permission> Looking => Reading.Except([Permission.AuditRead, Permission.RolesRead, Permission.ApiKeysRead, Permission.BackupsRead, Permission.SettingsRead]);

    public static IReadOnlyList<string> Names { get; } = [Administrator, "pool_operator", "help_desk", "auditor", "read_only"];

    /// <summary>What a built-in role may do; nothing for a name that this program does not know.</summary>
    public static FrozenSet<Permission> Of(string role) => All.GetValueOrDefault(role, FrozenSet<Permission>.Empty);

    private static KeyValuePair<string, FrozenSet<Permission>> Role(string name, IEnumerable<Permission> permissions) => KeyValuePair.Create(name, permissions.ToFrozenSet());
}
