using System.Text.RegularExpressions;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>What a directory thinks of a name and a password.</summary>
internal enum BindVerdict
{
    Wrong,
    Right,

    /// <summary>Right, but a new one has to be chosen, and the person may still bind to do that.</summary>
    MustChange,

    /// <summary>Right, but no longer good even to change it as oneself.</summary>
    Expired,
    Locked,
    Disabled,
}

/// <summary>
/// Reads it from the answer and from what the entry said before and after. The library shows no response controls of a bind,
/// so OpenLDAP's password policy is read from its attributes; Active Directory puts a code into its message.
/// </summary>
internal static partial class BindVerdicts
{
    /// <param name="answer">The server's.</param>
    /// <param name="before">What the entry said before the bind.</param>
    /// <param name="after">What it said after it.</param>
    /// <param name="kind">Whose ways the answer follows.</param>
    /// <param name="failuresAreKept">The policy writes wrong passwords down; without that, nothing tells an expired one from a wrong one.</param>
    public static BindVerdict Of(BindAnswer answer, AccountState before, AccountState after, DirectoryKind kind, bool failuresAreKept)
    {
        if (answer.Accepted)
            return kind is DirectoryKind.ActiveDirectory ? BindVerdict.Right
                : after.Disabled ? BindVerdict.Disabled
                : after.MustChange || !after.Graces.SequenceEqual(before.Graces) ? BindVerdict.MustChange
                : BindVerdict.Right;
        if (kind is DirectoryKind.ActiveDirectory) return OfSubCode(answer.Message);
        // A wrong password is written into the entry; one that is right and refused all the same is not, and clears what was written.
        if (after.Failures.Except(before.Failures).Any()) return after.LockedSince == before.LockedSince ? BindVerdict.Wrong : BindVerdict.Locked;
        return after.Locked ? BindVerdict.Locked : after.HasPolicy && failuresAreKept ? BindVerdict.Expired : BindVerdict.Wrong;
    }

    // "80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data 532, v4563": Windows error codes in hexadecimal.
    private static BindVerdict OfSubCode(string message) => SubCode().Match(message).Groups[1].Value.ToLowerInvariant() switch
    {
        "532" or "773" => BindVerdict.Expired,
        "533" or "530" or "531" or "701" => BindVerdict.Disabled,   // also: not now, not from here, the account's last day is over
        "775" => BindVerdict.Locked,
        _ => BindVerdict.Wrong,
    };

    [GeneratedRegex(@"\bdata ([0-9a-f]{3})\b", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SubCode();
}
