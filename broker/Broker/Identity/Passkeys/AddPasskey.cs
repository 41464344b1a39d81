using System.Collections.Frozen;
using Microsoft.AspNetCore.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>How a new passkey ended.</summary>
internal abstract record PasskeyAdded
{
    private PasskeyAdded() { }

    /// <param name="RecoveryCodes">When it is the person's first second factor, to be shown once; else empty.</param>
    public sealed record Done(IReadOnlyList<string> RecoveryCodes) : PasskeyAdded
    {
        /// <summary>Without the codes, which must reach no log.</summary>
        public override string ToString() => nameof(Done);
    }

    public sealed record Refused(RefusalReason Reason, string Detail = "") : PasskeyAdded;
}

/// <summary>Keeps the passkey that a signed-in person's browser made for the question it was asked.</summary>
internal sealed class AddPasskey(PasskeyStore store, PasskeyChallenges challenges, PasskeyCeremony ceremony, TimeProvider time)
{
    private static readonly FrozenSet<string> KnownTransports = FrozenSet.ToFrozenSet(["usb", "nfc", "ble", "smart-card", "hybrid", "internal"]);

    private const int LongestName = 60;

    public async Task<PasskeyAdded> RunAsync(string answer, string name, Caller caller, HttpContext http)
    {
        if (NameOf(name) is not { } called) return new PasskeyAdded.Refused(RefusalReason.InvalidField, "name");
        if (await challenges.TakeAsync(PasskeyPurpose.Register, Convert.FromHexString(caller.SignIn)) is not { } state
            || await ceremony.MadeAsync(state, answer, http) is not { } made)
            return new PasskeyAdded.Refused(RefusalReason.PasskeyRefused);
        var codes = RecoveryCode.MakeAll();
        var hashes = codes.Select(code => RecoveryCode.Hash(caller.User.Value, code)).ToArray();
        return await store.AddAsync(Row(made, called, caller.User.Value, time.GetUtcNow()), hashes, caller) switch
        {
            null => new PasskeyAdded.Refused(RefusalReason.PasskeyRefused),
            true => new PasskeyAdded.Done(codes),
            false => new PasskeyAdded.Done([]),
        };
    }

    /// <summary>What the owner calls it; null: nothing, or too long.</summary>
    public static string? NameOf(string typed) => typed.Trim() is { Length: > 0 and <= LongestName } name ? name : null;

    /// <summary>As it is kept.</summary>
    public static KeptPasskey Row(UserPasskeyInfo made, string name, Guid user, DateTimeOffset now) => new(
        Guid.CreateVersion7(now), user, made.CredentialId, name, made.PublicKey, made.SignCount, Words(made.Transports ?? []),
        made.IsUserVerified, made.IsBackupEligible, made.IsBackedUp, default, null);

    // The browser says them, so they are anything; what is none of the list's words is left away (level 3, section 5.8.4).
    private static string Words(string[] transports) => string.Join(' ', transports.Where(KnownTransports.Contains).Distinct());
}
