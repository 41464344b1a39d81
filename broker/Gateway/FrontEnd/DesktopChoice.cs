using System.Globalization;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Protocol.SignIns;

namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>Which desktop somebody means who typed <c>user</c>, <c>desktop\user</c>, or a domain that names a desktop.</summary>
internal static class DesktopChoice
{
    private const CompareOptions AsTyped = CompareOptions.IgnoreCase | CompareOptions.IgnoreNonSpace;

    /// <summary>The bare user name and the desktop that was named with it, which is empty when none was.</summary>
    public static (string UserName, string Desktop) Read(TypedSignIn typed)
    {
        var slash = typed.UserName.LastIndexOf('\\');
        return slash < 0
            ? (typed.UserName.Trim(), typed.Domain.Trim())
            : (typed.UserName[(slash + 1)..].Trim(), typed.UserName[..slash].Trim());
    }

    /// <summary>The named one; without a name the one with the own session, else the first. Null: there is no such desktop.</summary>
    public static Desktop? Of(IReadOnlyList<Desktop> desktops, string named)
    {
        var found = named.Length == 0 ? null : desktops.FirstOrDefault(d => Same(d.Name, named));
        // A single desktop needs no name: Windows clients send their own computer's name when a person gives none.
        if (found is not null || (named.Length > 0 && desktops.Count != 1)) return found;
        return desktops.FirstOrDefault(d => d.SessionId.Length > 0) ?? (desktops is [var first, ..] ? first : null);
    }

    private static bool Same(string name, string typed) => CultureInfo.InvariantCulture.CompareInfo.Compare(name, typed, AsTyped) == 0;
}
