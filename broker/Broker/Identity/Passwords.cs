using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Identity;

internal enum PasswordCheck
{
    Wrong,
    Right,
    RightButOldHash,
    Busy,
}

/// <summary>Makes and checks password hashes, always through the queue, and takes the same time when there is nobody to check.</summary>
internal sealed class Passwords
{
    private readonly PasswordQueue _queue;
    private readonly PasswordHasher<string> _hasher;
    private readonly string _nobody;

    public Passwords(PasswordQueue queue, IOptions<IdentityOptions> options)
    {
        _queue = queue;
        _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = options.Value.HashIterations }));
        _nobody = _hasher.HashPassword("", OpaqueToken.Make().Text);
    }

    /// <summary>Null when the queue is full.</summary>
    public async Task<string?> HashAsync(string password)
    {
        var hashing = _queue.TryRun(() => _hasher.HashPassword("", password));
        return hashing is null ? null : await hashing;
    }

    public async Task<PasswordCheck> CheckAsync(string? hash, string password)
    {
        if (password.Length > PasswordPolicy.Longest) password = "";
        var checking = _queue.TryRun(() => _hasher.VerifyHashedPassword("", hash ?? _nobody, password));
        if (checking is null) return PasswordCheck.Busy;
        var result = await checking;
        if (hash is null) return PasswordCheck.Wrong;
        return result switch
        {
            PasswordVerificationResult.Success => PasswordCheck.Right,
            PasswordVerificationResult.SuccessRehashNeeded => PasswordCheck.RightButOldHash,
            _ => PasswordCheck.Wrong,
        };
    }
}
