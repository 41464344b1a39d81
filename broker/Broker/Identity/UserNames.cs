using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Rules for user names. They become accounts inside the desktops, so they follow the rules of Linux accounts.</summary>
internal static partial class UserNames
{
    // Accounts that exist in our golden images or that a guest gives special powers to.
    private static readonly FrozenSet<string> Reserved = FrozenSet.ToFrozenSet(
    [
        "root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data", "backup",
        "list", "irc", "gnats", "nobody", "_apt", "messagebus", "sshd", "xrdp", "polkitd", "uuidd", "postgres", "libvirt-qemu",
        "systemd-network", "systemd-resolve", "systemd-timesync", "systemd-coredump", "systemd-journal", "adm", "sudo", "wheel",
        "montalegre", "broker", "gateway", "agent", "administrator", "guest", "unknown",
    ]);

    /// <summary>What a person typed, in the one spelling that is stored.</summary>
    public static string Normalise(string typed) => typed.Trim().ToLowerInvariant();

    public static bool IsValid(string name) => Shape().IsMatch(name) && !Reserved.Contains(name);

    [GeneratedRegex(@"^[a-z_][a-z0-9_.-]{0,31}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
