using System.Text.RegularExpressions;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>A person makes a key for a program, of a role that he holds there himself. A key makes none, nor does an emergency sign-in: it would outlive what it was made for.</summary>
internal sealed partial class MakeApiKey(ApiKeyStore keys, RoleStore roles, TimeProvider time)
{
    private const int LongestDays = 365;

    /// <param name="name">How the audit record and the list call it.</param>
    /// <param name="role">What it may.</param>
    /// <param name="where">Where; on everything: wherever its maker may.</param>
    /// <param name="days">How long it lives.</param>
    /// <param name="by">Its maker.</param>
    /// <param name="ct">Gives up before anything is made.</param>
    public async Task<ApiKeyOutcome> RunAsync(string name, string role, GrantScope where, uint days, Caller by, CancellationToken ct)
    {
        if (by.ApiKey is not null || by.Emergency) return new ApiKeyOutcome.Refused(RefusalReason.NotAllowed, by.UserName);
        if (!Name().IsMatch(name)) return new ApiKeyOutcome.Refused(RefusalReason.InvalidField, "name: small letters, digits, . _ and -, at most 40");
        if (days is 0 or > LongestDays) return new ApiKeyOutcome.Refused(RefusalReason.InvalidField, $"days: 1 to {LongestDays}");
        if (await roles.FindAsync(role, ct) is not { } wanted) return new ApiKeyOutcome.Refused(RefusalReason.NotFound, "role");
        if (by.Beyond(RoleRules.PermissionsOf(role, wanted.BuiltIn ? null : wanted.Permissions), where) is { } beyond) return new ApiKeyOutcome.Refused(RefusalReason.PermissionMissing, beyond.Name());

        var (secret, sha256) = ApiKeySecret.Make();
        var id = Guid.CreateVersion7(time.GetUtcNow());
        if (await keys.MakeAsync(id, sha256, name, role, where, (int)days, by)) return new ApiKeyOutcome.Made(id, secret);
        return (await keys.ListAsync(PoolScope.Everything, ct)).Any(k => k.Name == name)
            ? new ApiKeyOutcome.Refused(RefusalReason.NameTaken, name)
            : new ApiKeyOutcome.Refused(RefusalReason.NotFound, ScopeFields.OfKey.Of(where) ?? "role");
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._-]{0,39}\z")]
    private static partial Regex Name();
}

/// <summary>How the making of a key ended.</summary>
internal abstract record ApiKeyOutcome
{
    private ApiKeyOutcome() { }

    public sealed record Made(Guid Key, string Secret) : ApiKeyOutcome
    {
        /// <summary>Without the secret, which must reach no log.</summary>
        public override string ToString() => $"Made {Key}";
    }

    public sealed record Refused(RefusalReason Reason, string Detail) : ApiKeyOutcome;
}
