using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>
/// Makes the secret of an emergency sign-in. Called by the broker's own program on its machine and by nothing that listens: whoever can
/// run it owns the database's files already.
/// </summary>
internal sealed class MakeBreakGlass(BreakGlassStore store, TimeProvider time)
{
    /// <summary>For how long the secret may be typed.</summary>
    public static readonly TimeSpan SecretLifetime = TimeSpan.FromMinutes(15);

    private const int LongestReason = 200;

    /// <param name="reason">Why, as every administrator will read it.</param>
    /// <param name="actor">For the audit record.</param>
    public async Task<OpaqueToken> RunAsync(string? reason, string actor)
    {
        var why = reason?.Trim() ?? "";
        if (why.Length is 0 or > LongestReason || why.Any(char.IsControl))
            throw new StartUpException($"Say why: --reason=\"Directory is down, ticket 4711\", at most {LongestReason} characters. Every administrator will read it.");
        var secret = OpaqueToken.Make();
        await store.MakeAsync(Guid.CreateVersion7(time.GetUtcNow()), secret.Sha256, why, SecretLifetime, actor);
        return secret;
    }
}
