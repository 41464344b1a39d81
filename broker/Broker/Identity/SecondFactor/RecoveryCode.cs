using System.Security.Cryptography;
using System.Text;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>
/// Codes for the day the telephone is gone. 16 letters of 27 are 76 bits, far beyond guessing: a plain hash keeps them,
/// with the person in it, so that equal codes do not show.
/// </summary>
internal static class RecoveryCode
{
    public const int Count = 10;
    private const int Letters = 16;
    private const string Alphabet = "23456789bcdfghjkmnpqrstvwxz";   // no letter that is mistaken for another on paper

    /// <summary>Ten new ones, as people read them: xxxx-xxxx-xxxx-xxxx.</summary>
    public static string[] MakeAll() => [.. Enumerable.Range(0, Count).Select(_ => RandomNumberGenerator.GetString(Alphabet, Letters).Insert(12, "-").Insert(8, "-").Insert(4, "-"))];

    public static byte[] Hash(Guid user, string code) => SHA256.HashData([.. user.ToByteArray(), .. Encoding.UTF8.GetBytes(Normalise(code))]);

    /// <summary>What was typed, of either kind of code, without what people put between its letters.</summary>
    public static string Normalise(string typed) => typed.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
}
