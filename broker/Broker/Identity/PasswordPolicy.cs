using System.Collections.Frozen;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>What a new password must be: long, not on everybody's list, not the name. Nothing about digits and signs.</summary>
internal static class PasswordPolicy
{
    public const int Shortest = 12;
    public const int Longest = 256;                          // a bound on what we hash, far over any pass phrase
    private const int FewestDifferentCharacters = 5;

    // Only those of the usual lists that are long enough to pass the first rule.
    private static readonly FrozenSet<string> Common = FrozenSet.ToFrozenSet(
    [
        "123456789012", "1234567890123", "123456789123", "012345678901", "1q2w3e4r5t6y", "1qaz2wsx3edc", "qwertyuiop12", "qwertyuiop123",
        "qwerty123456", "qwertyuiopas", "password1234", "password12345", "password123456", "passwordpassword", "passw0rd1234",
        "administrator", "administrador", "admin1234567", "adminadminadmin", "letmein12345", "welcome12345", "changeme1234", "changemenow1",
        "iloveyou1234", "benfica12345", "sporting1234", "portugal1234", "lisboa123456", "palavrapasse", "palavra-passe", "palavrapasse1",
        "palavra-passe1", "palavrapasse123", "asdfghjkl123", "zxcvbnm12345", "montalegre12", "montalegre123", "montalegre1234", "montalegrevdi",
    ]);

    /// <summary>The rule that the password breaks, for the refusal's detail; null when it is good.</summary>
    public static string? Broken(string password, string userName)
    {
        if (password.Length < Shortest) return "too_short";
        if (password.Length > Longest) return "too_long";
        var folded = password.ToLowerInvariant();
        if (Common.Contains(folded) || folded.Distinct().Count() < FewestDifferentCharacters) return "common";
        return userName.Length >= 4 && folded.Contains(userName, StringComparison.Ordinal) ? "user_name" : null;
    }
}
