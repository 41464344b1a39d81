using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>A user as sign-in needs it. The hash stays inside this slice.</summary>
internal sealed record KnownUser(Guid UserId, string UserName, string DisplayName, string? PasswordHash, bool Enabled, bool Administrator, bool HasFactor)
{
    /// <summary>The password alone does not sign in. There is no switch for administrators.</summary>
    public bool NeedsSecondStep => Administrator || HasFactor;

    public Person Person => new(new UserId(UserId), UserName, DisplayName, Enabled, Administrator);

    public override string ToString() => UserName;
}
