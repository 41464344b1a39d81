using Microsoft.AspNetCore.Identity;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>A person as the framework's passkeys know one: the identifier, which is also what the authenticator keeps.</summary>
internal sealed record PasskeyUser(Guid Id);

/// <summary>
/// Lets the framework's passkey handler read our table. It asks for passkeys and nothing else; users and changes are not its
/// business here, so the rest of the interface says so.
/// </summary>
internal sealed class PasskeyUsers(PasskeyStore store) : IUserPasskeyStore<PasskeyUser>
{
    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(PasskeyUser user, CancellationToken cancellationToken) =>
        [.. (await store.OfAsync(user.Id)).Select(Info)];

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(PasskeyUser user, byte[] credentialId, CancellationToken cancellationToken) =>
        await store.FindAsync(credentialId) is { } kept && kept.UserId == user.Id ? Info(kept) : null;

    public async Task<PasskeyUser?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        await store.FindAsync(credentialId) is { } kept ? new(kept.UserId) : null;

    /// <summary>Whether there is such a person shows when the passkey is looked for.</summary>
    public Task<PasskeyUser?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        Task.FromResult(Guid.TryParse(userId, out var id) ? new PasskeyUser(id) : null);

    public Task<string> GetUserIdAsync(PasskeyUser user, CancellationToken cancellationToken) => Task.FromResult(user.Id.ToString());

    public Task<string?> GetUserNameAsync(PasskeyUser user, CancellationToken cancellationToken) => throw NotHere();

    public Task SetUserNameAsync(PasskeyUser user, string? userName, CancellationToken cancellationToken) => throw NotHere();

    public Task<string?> GetNormalizedUserNameAsync(PasskeyUser user, CancellationToken cancellationToken) => throw NotHere();

    public Task SetNormalizedUserNameAsync(PasskeyUser user, string? normalizedName, CancellationToken cancellationToken) => throw NotHere();

    public Task<IdentityResult> CreateAsync(PasskeyUser user, CancellationToken cancellationToken) => throw NotHere();

    public Task<IdentityResult> UpdateAsync(PasskeyUser user, CancellationToken cancellationToken) => throw NotHere();

    public Task<IdentityResult> DeleteAsync(PasskeyUser user, CancellationToken cancellationToken) => throw NotHere();

    public Task<PasskeyUser?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => throw NotHere();

    public Task AddOrUpdatePasskeyAsync(PasskeyUser user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw NotHere();

    public Task RemovePasskeyAsync(PasskeyUser user, byte[] credentialId, CancellationToken cancellationToken) => throw NotHere();

    public void Dispose()
    {
        // Holds nothing.
    }

    private static UserPasskeyInfo Info(KeptPasskey kept) => new(
        kept.CredentialId, kept.PublicKey, new DateTimeOffset(kept.CreatedAt, TimeSpan.Zero), (uint)kept.SignCount, kept.Transports.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        kept.UserVerified, kept.BackupEligible, kept.BackedUp, attestationObject: [], clientDataJson: []);

    private static NotSupportedException NotHere() => new("Users and their passkeys are changed by this slice's own statements.");
}
