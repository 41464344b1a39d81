using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>What a new user must be like, whoever makes it.</summary>
internal static class NewUser
{
    private const int LongestDisplayName = 128;

    /// <summary>Null when all is well.</summary>
    public static UserOutcome.Refused? Problem(string userName, string displayName, string password)
    {
        if (!UserNames.IsValid(userName)) return new(RefusalReason.InvalidField, "user_name");
        if (displayName.Length > LongestDisplayName || displayName.Any(char.IsControl)) return new(RefusalReason.InvalidField, "display_name");
        return PasswordPolicy.Broken(password, userName) is { } rule ? new(RefusalReason.PasswordTooWeak, rule) : null;
    }
}
