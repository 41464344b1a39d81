using Montalegre.Vdi.Broker.Certificates;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>Secrets of authenticator apps: offered, checked and kept, always sealed for their place.</summary>
internal sealed class AppOffers(FactorStore store, SecretBox box, TimeProvider time)
{
    /// <summary>The same secret for the same holder, until it is confirmed or too old.</summary>
    /// <param name="user">Whose app it is to be.</param>
    /// <param name="holder">Hash of the token, of a step or a sign-in, that asks.</param>
    public async Task<byte[]> OfferAsync(Guid user, byte[] holder) =>
        Open(await store.OfferAsync(holder, user, box.Seal(AuthenticatorApp.NewSecret(), OfferPlace(holder))), OfferPlace(holder));

    /// <summary>The step of the code and the secret, sealed for its lasting place; null when nothing was offered or the code is wrong.</summary>
    public async Task<(long Step, byte[] Sealed)?> CheckOfferAsync(Guid user, byte[] holder, string code)
    {
        if (await store.FindOfferAsync(holder, user) is not { } offered) return null;
        var secret = Open(offered, OfferPlace(holder));
        return AuthenticatorApp.StepOf(secret, code, time.GetUtcNow()) is { } step ? (step, box.Seal(secret, KeptPlace(user))) : null;
    }

    /// <summary>The step of a code of the person's app; null when there is no app or the code is wrong.</summary>
    public async Task<long?> CheckAsync(Guid user, string code) =>
        await store.FindAppAsync(user) is { } kept ? AuthenticatorApp.StepOf(Open(kept.Secret, KeptPlace(user)), code, time.GetUtcNow()) : null;

    private byte[] Open(byte[] sealedSecret, string place) =>
        box.Open(sealedSecret, place) ?? throw new InvalidOperationException($"{place} does not open: the row was moved, or the installation's key is not the one it was sealed with.");

    private static string OfferPlace(byte[] holder) => $"totp_enrolment.secret:{Convert.ToHexString(holder)}";

    private static string KeptPlace(Guid user) => $"totp.secret:{user}";
}
