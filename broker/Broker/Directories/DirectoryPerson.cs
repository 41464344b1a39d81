namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Somebody in a directory.</summary>
/// <param name="Id">Never changes, whatever becomes of the name.</param>
/// <param name="Name">What the directory calls him now, in lower case.</param>
/// <param name="State">What the entry says about the account.</param>
/// <param name="Parents">Groups that the entry itself names: memberOf, and the primary group's number of RFC 2307.</param>
internal sealed record DirectoryPerson(string Id, string Dn, string Name, string DisplayName, AccountState State, string[] Parents, string PrimaryGroup);

/// <summary>A group in a directory.</summary>
/// <param name="Members">Names or distinguished names of members.</param>
/// <param name="Parents">Groups that it is in, where the entry says so.</param>
/// <param name="Number">RFC 2307's gidNumber; empty where there is none.</param>
internal sealed record DirectoryGroup(string Id, string Dn, string Name, string[] Members, string[] Parents, string Number);

/// <summary>What an entry says about the account.</summary>
/// <param name="Disabled">By the directory's administrators.</param>
/// <param name="Locked">After too many wrong passwords, or by hand.</param>
/// <param name="MustChange">The password was set by somebody else, or has expired.</param>
/// <param name="LockedSince">As the directory writes it.</param>
/// <param name="Failures">When wrong passwords were tried, as OpenLDAP's password policy writes it.</param>
/// <param name="Graces">When an expired password was let through.</param>
/// <param name="HasPolicy">The password policy looks after this entry.</param>
/// <param name="PolicyDn">Which one, where it is not the default.</param>
internal sealed record AccountState(bool Disabled, bool Locked, bool MustChange, string LockedSince, string[] Failures, string[] Graces, bool HasPolicy, string PolicyDn)
{
    private const int AdDisabled = 0x2;                       // MS-ADTS 2.2.16, userAccountControl
    private const int AdLocked = 0x10;
    private const int AdPasswordExpired = 0x800000;
    private const string LockedForGood = "000001010000Z";     // draft-behera-ldap-password-policy section 5.3.3

    /// <summary>The attributes that say it.</summary>
    public static string[] Attributes { get; } =
        ["userAccountControl", "msDS-User-Account-Control-Computed", "pwdLastSet", "pwdAccountLockedTime", "pwdReset", "pwdFailureTime", "pwdGraceUseTime", "pwdChangedTime", "pwdPolicySubentry", "nsAccountLock"];

    public static AccountState Of(DirectoryEntry entry)
    {
        var control = Number(entry, "userAccountControl") | Number(entry, "msDS-User-Account-Control-Computed");
        var locked = entry.Text("pwdAccountLockedTime");
        return new(
            Disabled: (control & AdDisabled) != 0 || locked == LockedForGood || IsTrue(entry, "nsAccountLock"),
            Locked: (control & AdLocked) != 0 || locked.Length > 0,
            MustChange: (control & AdPasswordExpired) != 0 || entry.Text("pwdLastSet") == "0" || IsTrue(entry, "pwdReset"),
            LockedSince: locked,
            Failures: [.. entry.Texts("pwdFailureTime").Order(StringComparer.Ordinal)],
            Graces: [.. entry.Texts("pwdGraceUseTime").Order(StringComparer.Ordinal)],
            HasPolicy: entry.Has("pwdChangedTime"),
            PolicyDn: entry.Text("pwdPolicySubentry"));
    }

    private static bool IsTrue(DirectoryEntry entry, string attribute) => string.Equals(entry.Text(attribute), "TRUE", StringComparison.OrdinalIgnoreCase);

    private static int Number(DirectoryEntry entry, string attribute) =>
        int.TryParse(entry.Text(attribute), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;
}
