using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Unlocks, where it is shown, what a terminal had locked: the card is back, and its person has signed in anew.</summary>
internal sealed class ReturnCard(SessionStore sessions, LockSessions locks)
{
    private const int KeyBytes = 32, KeyLetters = 43;

    /// <summary>How many were unlocked, and how many agents could not be told; or why nothing was done.</summary>
    public async Task<(int Unlocked, int Failed, RefusalReason? Refused)> RunAsync(Caller caller, string returnKey, CancellationToken ct)
    {
        var key = new byte[KeyBytes];
        if (returnKey.Length != KeyLetters || Base64Url.DecodeFromChars(returnKey, key, out _, out var written) != OperationStatus.Done || written != KeyBytes) return (0, 0, RefusalReason.InvalidField);
        var sha256 = SHA256.HashData(key);
        var rows = await sessions.UnlockOfCardAsync(caller.User, sha256, Convert.FromHexString(caller.SignIn), caller.UserName, caller.SourceAddress);
        if (rows.Count == 0 && await sessions.LockedByAsync(caller.User, sha256)) return (0, 0, RefusalReason.SessionLocked);
        // In place: the key says that this is the terminal which shows them.
        var done = await Task.WhenAll(rows.Select(async row => row is not { LockHeld: true, GuestSessionId: not null } || await locks.UnlockAsync(row, disconnectFirst: false, ct)));
        return (done.Count(d => d), done.Count(d => !d), null);
    }
}
