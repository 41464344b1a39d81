using System.Text.RegularExpressions;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>The guest account of a user: made at the first sign-in, with a password that nothing matches.</summary>
internal static partial class LocalAccount
{
    private const uint FirstOrdinaryUid = 1000;
    private const int AlreadyThere = 9;

    /// <summary>Null when the account is there; else why it cannot be.</summary>
    public static async Task<string?> EnsureAsync(string user, string displayName, CancellationToken ct)
    {
        if (!UserName().IsMatch(user)) return "the user name is not one that this machine allows";
        if (Account.Find(user) is { } known) return known.Uid < FirstOrdinaryUid ? "the user name belongs to a system account" : null;

        var comment = new string([.. displayName.Where(c => !char.IsControl(c) && c is not (':' or ',' or '=' or '"')).Take(100)]);
        var (exit, error) = await Run.ToEndAsync("useradd", ["--create-home", "--shell", "/bin/bash", "--comment", comment, "--", user], ct);
        return exit is 0 or AlreadyThere ? null : $"useradd could not make the account: {error}";
    }

    // \z, not $: the latter lets a final line feed pass.
    [GeneratedRegex(@"^[a-z_][a-z0-9_.-]{0,31}\z", RegexOptions.CultureInvariant)]
    internal static partial Regex UserName();
}
